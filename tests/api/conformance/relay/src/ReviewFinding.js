// A conclusion, with what stands in the way of it.
import { graphql } from "react-relay";

export const conclude = graphql`
  mutation ReviewFindingMutation($input: ReviewFindingInput!) {
    reviewFinding(input: $input) {
      finding {
        id
        state
        version
      }
      userErrors {
        code
        message
        path
      }
    }
  }
`;

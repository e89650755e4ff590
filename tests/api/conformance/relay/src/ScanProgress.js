// A scan followed live.
import { graphql } from "react-relay";

export const follow = graphql`
  subscription ScanProgressSubscription($id: ID!) {
    scanProgress(id: $id) {
      id
      status
      progress {
        stage
        done
        total
      }
    }
  }
`;

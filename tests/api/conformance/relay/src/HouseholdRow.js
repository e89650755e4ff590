// One household, which reads itself anew by `node`.
import { graphql } from "react-relay";

export const row = graphql`
  fragment HouseholdRow_household on Household @refetchable(queryName: "HouseholdRowAgainQuery") {
    reference
    stage
    members {
      id
      name
    }
    enrolments {
      startMonth
      programme {
        nameZh
      }
    }
  }
`;

// A page of households that reads on: what a Relay list component declares.
import { graphql } from "react-relay";

export const page = graphql`
  query HouseholdsPageQuery($first: Int!, $after: String) {
    ...HouseholdsPage_query
  }
`;

export const list = graphql`
  fragment HouseholdsPage_query on Query @refetchable(queryName: "HouseholdsPageMoreQuery") {
    households(first: $first, after: $after) @connection(key: "HouseholdsPage_households") {
      edges {
        node {
          id
          ...HouseholdRow_household
        }
      }
    }
  }
`;

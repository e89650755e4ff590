// A client as front-end teams write it: the answer's types come from the schema, and a misuse does not compile.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { graphql } from "./generated";

const Households = graphql(`
  query Households($first: Int!, $after: String) {
    households(first: $first, after: $after) {
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        reference
        appliedOn
        declaredMonthlyIncome {
          amount
          currency
        }
        members {
          name
        }
      }
    }
  }
`);

const Review = graphql(`
  mutation Review($input: ReviewFindingInput!) {
    reviewFinding(input: $input) {
      finding {
        id
        version
      }
      userErrors {
        code
        message
        path
      }
    }
  }
`);

declare function ask<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data>;

export async function incomes(): Promise<string[]> {
  const { households } = await ask(Households, { first: 50 });
  // @ts-expect-error: a list may be refused, and then it is null
  households.nodes;
  return (households?.nodes ?? []).map((household) => {
    const appliedOn: string | null | undefined = household.appliedOn;
    // @ts-expect-error: what is unknown is null, never zero
    const amount: string = household.declaredMonthlyIncome.amount;
    // @ts-expect-error: nobody asked for it
    household.phone;
    return `${household.reference} ${appliedOn ?? "?"} ${amount ?? "?"}`;
  });
}

export async function conclude(findingId: string): Promise<string[]> {
  const input = { idempotencyKey: "typed-client-1", findingId, expectedVersion: 1, note: "已核实。" };
  const { reviewFinding } = await ask(Review, { input: { ...input, outcome: "NO_ISSUE" } });
  // @ts-expect-error: the outcome is missing
  await ask(Review, { input });
  return reviewFinding.userErrors.map((error) => `${error.code} ${error.path.join(".")}: ${error.message}`);
}

// @ts-expect-error: first is a number
void ask(Households, { first: "50" });

// The schema by graphql-eslint's own recommendations and Relay's, with the exceptions that are meant.
import graphql from "@graphql-eslint/eslint-plugin";

// What has no identity of its own: it is read with what it belongs to.
const VALUES = [
  "AuthorisationUse",
  "CauseResolution",
  "ClientSecret",
  "ContactOfficer",
  "Declaration",
  "Department",
  "Division",
  "EntrustedRole",
  "Enumeration",
  "EnumerationValue",
  "EvidenceRecord",
  "ExitAssessment",
  "ExitTest",
  "ExternalReference",
  "FormField",
  "FormValue",
  "FormWord",
  "HouseholdIncome",
  "IdentitySearch",
  "Income",
  "IncomeStep",
  "Link",
  "MemberChange",
  "MissingConsent",
  "MissingField",
  "MissingInMonth",
  "Money",
  "Officer",
  "OrganisationInTree",
  "OrganisationName",
  "OwnOrganisation",
  "PageInfo",
  "Payment",
  "PolicyMeasure",
  "Programme",
  "Progress",
  "Protection",
  "ReadField",
  "Reader",
  "ResponsibleOrganisation",
  "Review",
  "RoleHolder",
  "Rule",
  "RuleCount",
  "ScanProgress",
  "ScanResult",
  "SignInIdentity",
  "SilentSource",
  "TaskDetail",
  "TestedException",
  "TestedMonth",
  "Viewer",
];

const { rules: recommended } = graphql.configs["flat/schema-recommended"];
const { rules: relay } = graphql.configs["flat/schema-relay"];

export default [
  {
    files: ["**/*.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: "./schema.graphql" } } },
    rules: {
      ...recommended,
      ...relay,
      "@graphql-eslint/strict-id-in-types": [
        "error",
        { exceptions: { types: VALUES, suffixes: ["Connection", "Edge", "Payload", "Error"] } },
      ],
      // Short lists are lists: the members of a household, the records that a lead rests on.
      "@graphql-eslint/relay-edge-types": ["error", { withEdgeSuffix: true, shouldImplementNode: true, listTypeCanWrapOnlyEdgeType: false }],
    },
  },
];

"""The page that both sides answer: 50 households, their people, enrolments and programmes."""

from __future__ import annotations

QUERY = """
query Page($first: Int) {
  households(first: $first) {
    nodes {
      id
      reference
      stage
      appliedOn
      phone
      address
      members { id relation name idNumber phone birthYear }
      enrolments { id agency startMonth endMonth amount { amount currency } programme { code nameZh } }
    }
  }
}"""
POINT = (
    "query Point($id: ID!) { household(id: $id) { id reference stage appliedOn residence phone address version } }"
)
ROWS = 50

/** Addresses of the code systems that the product reads. */
const hl7 = 'http://terminology.hl7.org/CodeSystem'

export const codeSystem = {
  allergyClinical: `${hl7}/allergyintolerance-clinical`,
  allergyVerification: `${hl7}/allergyintolerance-verification`,
  conditionClinical: `${hl7}/condition-clinical`,
  conditionVerification: `${hl7}/condition-ver-status`,
  consentScope: `${hl7}/consentscope`,
  consentCategory: `${hl7}/consentcategorycodes`,
  dataAbsentReason: `${hl7}/data-absent-reason`,
  loinc: 'http://loinc.org',
  snomed: 'http://snomed.info/sct',
  ucum: 'http://unitsofmeasure.org',
} as const

const genders = ['male', 'female', 'other', 'unknown'] as const

/** The FHIR code of a gender, `unknown` for any that is none. */
export function genderOf(code: string): (typeof genders)[number] {
  return genders.find((gender) => gender === code) ?? 'unknown'
}

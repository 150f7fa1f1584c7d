/**
 * Substances and reactions that are asked for most, with their SNOMED CT codes. Anything else is kept as it is
 * written. `kinds` tie substances whose allergies often go together, for the warning about duplicates.
 */
export type Category = 'medication' | 'food' | 'environment'
export type Substance = {
  code: string
  display: string
  category: Category
  kinds?: readonly string[]
  other?: readonly string[]
}
export type Reaction = { code: string; display: string }

export const substances: readonly Substance[] = [
  { code: '764146007', display: 'Penicillin', category: 'medication', kinds: ['penicillin'] },
  { code: '372687004', display: 'Amoxicillin', category: 'medication', kinds: ['penicillin'] },
  { code: '387170002', display: 'Ampicillin', category: 'medication', kinds: ['penicillin'] },
  { code: '372670001', display: 'Ceftriaxone', category: 'medication', kinds: ['cephalosporin'] },
  { code: '387406002', display: 'Sulfonamide', category: 'medication', other: ['sulfa', 'co-trimoxazole'] },
  { code: '372840008', display: 'Ciprofloxacin', category: 'medication' },
  { code: '387487009', display: 'Clarithromycin', category: 'medication', kinds: ['macrolide'] },
  { code: '372694001', display: 'Erythromycin', category: 'medication', kinds: ['macrolide'] },
  { code: '372786004', display: 'Clindamycin', category: 'medication' },
  { code: '372478003', display: 'Doxycycline', category: 'medication' },
  { code: '372602008', display: 'Metronidazole', category: 'medication' },
  { code: '372735009', display: 'Vancomycin', category: 'medication' },
  {
    code: '387458008',
    display: 'Aspirin',
    category: 'medication',
    kinds: ['nsaid'],
    other: ['acetylsalicylic acid', 'ASA'],
  },
  { code: '387207008', display: 'Ibuprofen', category: 'medication', kinds: ['nsaid'] },
  { code: '7034005', display: 'Diclofenac', category: 'medication', kinds: ['nsaid'] },
  { code: '387517004', display: 'Paracetamol', category: 'medication', other: ['acetaminophen'] },
  { code: '387494007', display: 'Codeine', category: 'medication', kinds: ['opioid'] },
  { code: '373529000', display: 'Morphine', category: 'medication', kinds: ['opioid'] },
  {
    code: '426722004',
    display: 'Iodinated contrast media',
    category: 'medication',
    other: ['contrast', 'iodine'],
  },
  { code: '373568007', display: 'Chlorhexidine', category: 'medication' },
  { code: '762952008', display: 'Peanut', category: 'food' },
  { code: '102263004', display: 'Eggs (edible)', category: 'food' },
  { code: '3718001', display: "Cow's milk", category: 'food' },
  { code: '735029006', display: 'Shellfish', category: 'food' },
  { code: '412071004', display: 'Wheat', category: 'food' },
  { code: '111088007', display: 'Latex', category: 'environment' },
  { code: '288328004', display: 'Bee venom', category: 'environment' },
]

export const reactions: readonly Reaction[] = [
  { code: '39579001', display: 'Anaphylaxis' },
  { code: '41291007', display: 'Angioedema' },
  { code: '4386001', display: 'Bronchospasm' },
  { code: '49727002', display: 'Cough' },
  { code: '62315008', display: 'Diarrhoea' },
  { code: '267036007', display: 'Dyspnoea' },
  { code: '45007003', display: 'Hypotension' },
  { code: '418363000', display: 'Itching of skin' },
  { code: '422587007', display: 'Nausea' },
  { code: '271807003', display: 'Rash' },
  { code: '73442001', display: 'Stevens-Johnson syndrome' },
  { code: '126485001', display: 'Urticaria' },
  { code: '422400008', display: 'Vomiting' },
  { code: '56018004', display: 'Wheezing' },
]

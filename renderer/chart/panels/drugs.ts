/**
 * Drugs that are prescribed most, with their ATC codes; anything else is kept as it is written. `single` and `day` are
 * guards against slips of the finger, not advice on dosing: the usual range of one dose and the most of one day for an
 * adult, in `unit` (after the British National Formulary; to be checked by a pharmacist before use in care).
 */
export type Drug = {
  atc: string
  display: string
  other?: readonly string[]
  /** Ties drugs together whose allergies, or effects, go together. */
  kind?: DrugKind
  single?: readonly [low: number, high: number]
  day?: number
  /** Unit of the guards; mg if none is given. */
  unit?: 'mg' | 'units'
  /** Taken once a week: a daily dose has killed (ISMP). */
  weekly?: boolean
}

export type DrugKind =
  | 'penicillin'
  | 'cephalosporin'
  | 'macrolide'
  | 'nsaid'
  | 'opioid'
  | 'anticoagulant'
  | 'statin'

export const drugs: readonly Drug[] = [
  { atc: 'M04AA01', display: 'Allopurinol', single: [50, 300], day: 900 },
  { atc: 'C08CA01', display: 'Amlodipine', single: [2.5, 10], day: 10 },
  { atc: 'J01CA04', display: 'Amoxicillin', kind: 'penicillin', single: [250, 2000], day: 6000 },
  { atc: 'J01CA01', display: 'Ampicillin', kind: 'penicillin', single: [250, 2000], day: 12_000 },
  { atc: 'B01AF02', display: 'Apixaban', kind: 'anticoagulant', single: [2.5, 10], day: 20 },
  {
    atc: 'B01AC06',
    display: 'Aspirin',
    other: ['acetylsalicylic acid', 'ASA'],
    kind: 'nsaid',
    single: [75, 900],
    day: 4000,
  },
  { atc: 'C10AA05', display: 'Atorvastatin', kind: 'statin', single: [10, 80], day: 80 },
  { atc: 'J01FA10', display: 'Azithromycin', kind: 'macrolide', single: [250, 1000], day: 1000 },
  {
    atc: 'J01CE01',
    display: 'Benzylpenicillin',
    other: ['penicillin G'],
    kind: 'penicillin',
    single: [600, 2400],
    day: 14_400,
  },
  { atc: 'C07AB07', display: 'Bisoprolol', single: [1.25, 10], day: 20 },
  { atc: 'J01DC02', display: 'Cefuroxime', kind: 'cephalosporin', single: [125, 1500], day: 6000 },
  { atc: 'J01DD04', display: 'Ceftriaxone', kind: 'cephalosporin', single: [250, 4000], day: 4000 },
  { atc: 'J01MA02', display: 'Ciprofloxacin', single: [100, 750], day: 1500 },
  { atc: 'N06AB04', display: 'Citalopram', single: [10, 40], day: 40 },
  { atc: 'J01FA09', display: 'Clarithromycin', kind: 'macrolide', single: [125, 500], day: 1000 },
  { atc: 'J01FF01', display: 'Clindamycin', single: [150, 900], day: 2700 },
  { atc: 'B01AC04', display: 'Clopidogrel', single: [75, 600], day: 600 },
  {
    atc: 'J01CR02',
    display: 'Co-amoxiclav',
    other: ['amoxicillin and clavulanic acid', 'amoxicillin/clavulanic acid'],
    kind: 'penicillin',
    single: [375, 2200],
    day: 6600,
  },
  {
    atc: 'J01EE01',
    display: 'Co-trimoxazole',
    other: ['sulfamethoxazole and trimethoprim'],
    single: [480, 1920],
    day: 7680,
  },
  { atc: 'R05DA04', display: 'Codeine', kind: 'opioid', single: [15, 60], day: 240 },
  { atc: 'H02AB02', display: 'Dexamethasone', single: [0.5, 20], day: 40 },
  { atc: 'M01AB05', display: 'Diclofenac', kind: 'nsaid', single: [25, 75], day: 150 },
  { atc: 'C01AA05', display: 'Digoxin', single: [0.0625, 0.5], day: 1 },
  { atc: 'J01AA02', display: 'Doxycycline', single: [50, 200], day: 200 },
  { atc: 'A10BK03', display: 'Empagliflozin', single: [10, 25], day: 25 },
  { atc: 'B01AB05', display: 'Enoxaparin', kind: 'anticoagulant', single: [20, 150], day: 300 },
  { atc: 'J01FA01', display: 'Erythromycin', kind: 'macrolide', single: [250, 1000], day: 4000 },
  { atc: 'J01CF05', display: 'Flucloxacillin', kind: 'penicillin', single: [250, 2000], day: 8000 },
  { atc: 'B03BB01', display: 'Folic acid', single: [0.4, 5], day: 15 },
  { atc: 'C03CA01', display: 'Furosemide', single: [20, 250], day: 500 },
  { atc: 'N02BF01', display: 'Gabapentin', single: [100, 1200], day: 3600 },
  { atc: 'J01GB03', display: 'Gentamicin', single: [40, 500], day: 500 },
  { atc: 'M01AE01', display: 'Ibuprofen', kind: 'nsaid', single: [200, 800], day: 2400 },
  {
    atc: 'A10AB05',
    display: 'Insulin aspart',
    unit: 'units',
    single: [1, 50],
    day: 150,
  },
  {
    atc: 'A10AE04',
    display: 'Insulin glargine',
    unit: 'units',
    single: [2, 100],
    day: 150,
  },
  { atc: 'N03AX14', display: 'Levetiracetam', single: [125, 1500], day: 3000 },
  { atc: 'H03AA01', display: 'Levothyroxine', single: [0.0125, 0.2], day: 0.2 },
  { atc: 'A10BH05', display: 'Linagliptin', single: [5, 5], day: 5 },
  { atc: 'C09AA03', display: 'Lisinopril', single: [2.5, 40], day: 80 },
  { atc: 'N05BA06', display: 'Lorazepam', single: [0.5, 4], day: 8 },
  { atc: 'C09CA01', display: 'Losartan', single: [12.5, 100], day: 150 },
  {
    atc: 'N02BB02',
    display: 'Metamizole',
    other: ['dipyrone', 'novaminsulfon'],
    single: [500, 1000],
    day: 5000,
  },
  { atc: 'A10BA02', display: 'Metformin', single: [500, 1000], day: 3000 },
  {
    atc: 'L04AX03',
    display: 'Methotrexate',
    other: ['MTX'],
    single: [2.5, 30],
    day: 30,
    weekly: true,
  },
  { atc: 'A03FA01', display: 'Metoclopramide', single: [5, 10], day: 30 },
  { atc: 'C07AB02', display: 'Metoprolol', single: [12.5, 200], day: 400 },
  { atc: 'J01XD01', display: 'Metronidazole', single: [200, 2000], day: 2000 },
  { atc: 'N02AA01', display: 'Morphine', kind: 'opioid', single: [1, 30], day: 200 },
  { atc: 'M01AE02', display: 'Naproxen', kind: 'nsaid', single: [250, 500], day: 1250 },
  { atc: 'J01XE01', display: 'Nitrofurantoin', single: [50, 100], day: 400 },
  { atc: 'A02BC01', display: 'Omeprazole', single: [10, 40], day: 120 },
  { atc: 'A04AA01', display: 'Ondansetron', single: [4, 16], day: 32 },
  { atc: 'N02AA05', display: 'Oxycodone', kind: 'opioid', single: [1, 40], day: 200 },
  { atc: 'A02BC02', display: 'Pantoprazole', single: [20, 80], day: 160 },
  { atc: 'N02BE01', display: 'Paracetamol', other: ['acetaminophen'], single: [250, 1000], day: 4000 },
  {
    atc: 'J01CR05',
    display: 'Piperacillin/tazobactam',
    other: ['piperacillin and beta-lactamase inhibitor'],
    kind: 'penicillin',
    single: [2250, 4500],
    day: 18_000,
  },
  { atc: 'H02AB06', display: 'Prednisolone', single: [1, 60], day: 100 },
  { atc: 'C09AA05', display: 'Ramipril', single: [1.25, 10], day: 10 },
  { atc: 'B01AF01', display: 'Rivaroxaban', kind: 'anticoagulant', single: [2.5, 20], day: 30 },
  { atc: 'R03AC02', display: 'Salbutamol' },
  { atc: 'N06AB06', display: 'Sertraline', single: [25, 200], day: 200 },
  { atc: 'C10AA01', display: 'Simvastatin', kind: 'statin', single: [10, 80], day: 80 },
  { atc: 'C03DA01', display: 'Spironolactone', single: [12.5, 200], day: 400 },
  { atc: 'C03CA04', display: 'Torasemide', single: [2.5, 40], day: 40 },
  { atc: 'N02AX02', display: 'Tramadol', kind: 'opioid', single: [50, 100], day: 400 },
  { atc: 'J01EA01', display: 'Trimethoprim', single: [100, 200], day: 400 },
  { atc: 'J01XA01', display: 'Vancomycin', single: [125, 2000], day: 4000 },
  { atc: 'B01AA03', display: 'Warfarin', kind: 'anticoagulant', single: [0.5, 15], day: 15 },
]

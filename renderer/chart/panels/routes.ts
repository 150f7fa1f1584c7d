/** Routes with their SNOMED CT codes, the usual ones first. */
export const routes: readonly { label: string; code: string; display: string }[] = [
  { label: 'Oral', code: '26643006', display: 'Oral route' },
  { label: 'Intravenous', code: '47625008', display: 'Intravenous route' },
  { label: 'Subcutaneous', code: '34206005', display: 'Subcutaneous route' },
  { label: 'Intramuscular', code: '78421000', display: 'Intramuscular route' },
  { label: 'Respiratory tract', code: '447694001', display: 'Respiratory tract route' },
  { label: 'Sublingual', code: '37839007', display: 'Sublingual route' },
  { label: 'Buccal', code: '54471007', display: 'Buccal route' },
  { label: 'Nasogastric', code: '127492001', display: 'Nasogastric route' },
  { label: 'Nasal', code: '46713006', display: 'Nasal route' },
  { label: 'Rectal', code: '37161004', display: 'Rectal route' },
  { label: 'Cutaneous', code: '448598008', display: 'Cutaneous route' },
  { label: 'Transdermal', code: '45890007', display: 'Transdermal route' },
  { label: 'Ocular', code: '54485002', display: 'Ophthalmic route' },
  { label: 'Vaginal', code: '16857009', display: 'Per vagina' },
]

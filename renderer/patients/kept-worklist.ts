import { z } from 'zod'
import { patientRowShape } from './worklist.ts'

/** The list as this device keeps it. */
export const keptWorklist = {
  name: 'worklist',
  shape: z.object({ at: z.number(), rows: z.array(patientRowShape) }),
}

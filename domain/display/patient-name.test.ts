import { describe, expect, it } from 'vitest'
import { patientName } from './patient-name.ts'

const named = (...name: object[]) =>
  patientName(JSON.parse(JSON.stringify({ resourceType: 'Patient', id: 'p', name })))

describe('patient name', () => {
  it('PAB-0049 PAB-0050 PAB-0051 PAB-0052 PAB-0053 is SMITH, John (Mr)', () => {
    expect(named({ family: 'Smith', given: ['John'], prefix: ['Mr'] })).toBe('SMITH, John (Mr)')
    expect(named({ family: 'Echevarría', given: ['Carla', 'María'], prefix: ['Mrs.'] })).toBe(
      'ECHEVARRÍA, Carla María (Mrs)',
    )
    expect(named({ family: 'Großmann', given: ['Jürgen'] })).toBe('GROSSMANN, Jürgen')
    expect(named({ family: 'ní Bhriain', given: ['Aoife'], prefix: ['Dr.', 'Prof.'] })).toBe(
      'NÍ BHRIAIN, Aoife (Dr Prof)',
    )
  })

  it('DS1 the official name comes first, one that has ended or is a maiden name last', () => {
    const [maiden, usual, official] = ['maiden', 'usual', 'official'].map((use) => ({ use, family: use }))
    expect(named(maiden!, usual!, official!)).toBe('OFFICIAL')
    expect(named(maiden!, usual!)).toBe('USUAL')
    expect(named(maiden!, { family: 'plain' })).toBe('PLAIN')
    expect(named({ ...official, family: 'old', period: { end: '2019' } }, official!)).toBe('OFFICIAL')
    expect(named({ use: 'unheard of', family: 'x' }, maiden!)).toBe('MAIDEN')
  })

  it('DS2 a part that is missing leaves no gap, and no name at all is said', () => {
    expect(named({ given: ['Mononym'] })).toBe('Mononym')
    expect(named({ family: 'Bell' })).toBe('BELL')
    expect(named({ text: 'Bell, unknown woman' })).toBe('Bell, unknown woman')
    expect(named({ given: [null, ' Ann '], family: ' Bell ' })).toBe('BELL, Ann')
    expect(named({ family: '', given: [] })).toBe('Unknown')
    expect(named()).toBe('Unknown')
    expect(patientName({ resourceType: 'Patient', name: 'Bell' }, 'Unbekannt')).toBe('Unbekannt')
  })
})

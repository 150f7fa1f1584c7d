import { describe, expect, it } from 'vitest'
import { isAllowedLink } from './links.ts'
import { isGranted } from './permissions.ts'

describe('what a page is given', () => {
  it.each(['notifications', 'loopback-network', 'local-network', 'local-network-access'])(
    'EL12 %s goes to the app’s own page, and to no other',
    (permission) => {
      expect(isGranted(permission, 'app://meridian/patients')).toBe(true)
      for (const other of ['https://meridian/', 'app://elsewhere/', 'null', '']) {
        expect(isGranted(permission, other), other).toBe(false)
      }
    },
  )

  it.each(['media', 'geolocation', 'clipboard-read', 'openExternal', 'usb', 'fileSystem', 'unknown'])(
    'EL12 %s goes to nobody',
    (permission) => {
      expect(isGranted(permission, 'app://meridian/')).toBe(false)
    },
  )

  it('EL8 links leave the app by https, for hosts on the list, which is empty', () => {
    const hosts = ['help.example']
    expect(isAllowedLink('https://help.example/guide', hosts)).toBe(true)
    expect(isAllowedLink('https://help.example/guide')).toBe(false)
    for (const other of [
      'http://help.example/',
      'https://help.example.evil/',
      'https://help.example@evil/',
      'https://u:p@help.example/',
      'https://help.example:444/',
      'file:///etc/passwd',
      'no address',
    ]) {
      expect(isAllowedLink(other, hosts), other).toBe(false)
    }
  })
})

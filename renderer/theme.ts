import {
  ActionIcon,
  Button,
  type CSSVariablesResolver,
  createTheme,
  Input,
  type MantineColorsTuple,
  PasswordInput,
  Select,
  TextInput,
  Tooltip,
} from '@mantine/core'

/** One accent. Shade 7 is filled in the light theme, 6 in the dark one; white on either is above 4.5:1. */
const meridian: MantineColorsTuple = [
  '#eaf3fc',
  '#d5e6f8',
  '#a9ccf1',
  '#7ab0ea',
  '#4f97e2',
  '#2f83d6',
  '#1f6fc0',
  '#0f5aa6',
  '#0b4a8a',
  '#083a6e',
]

/** Cool greys of the dark theme: text first, deepest ground last. Index 2 is quiet text, 4 lines, 7 surfaces. */
const dark: MantineColorsTuple = [
  '#e4ebf1',
  '#c5d0d9',
  '#a3b1be',
  '#8494a3',
  '#33414e',
  '#273440',
  '#1d2832',
  '#151e26',
  '#0e151b',
  '#090e13',
]

export const theme = createTheme({
  primaryColor: 'meridian',
  primaryShade: { light: 7, dark: 6 },
  colors: { meridian, dark },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: 'sm' } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle' } }),
    Input: Input.extend({ defaultProps: { size: 'sm' } }),
    TextInput: TextInput.extend({ defaultProps: { size: 'sm' } }),
    PasswordInput: PasswordInput.extend({ defaultProps: { size: 'sm' } }),
    Select: Select.extend({ defaultProps: { size: 'sm', allowDeselect: false } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: true } }),
  },
})

/** Contrast that WCAG 2.2 AA asks for, where Mantine's defaults fall short of it. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-text': '#14202b',
    '--mantine-color-dimmed': '#4d5b68',
    '--mantine-color-placeholder': '#5f6d7a',
    '--mantine-color-error': '#b3121d',
    '--mantine-color-default-border': '#808d99',
    '--mantine-color-anchor': '#0f5aa6',
  },
  dark: {
    '--mantine-color-dimmed': '#a3b1be',
    '--mantine-color-placeholder': '#8d9cab',
    '--mantine-color-error': '#ff9d9d',
    '--mantine-color-default-border': '#6a7a89',
    '--mantine-color-anchor': '#8cc0f7',
  },
})

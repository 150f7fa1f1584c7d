// `light-dark()` of Mantine is written out for Chromium 108.
export default { plugins: { 'postcss-preset-mantine': {} } }

/**
 * After a save that was not taken: the first field that is wrong, or the question that waits for a yes, gets the focus
 * and comes into sight. Without this a panel that is scrolled would seem to do nothing.
 */
export function showWhatIsWrong(form: HTMLFormElement | null): void {
  requestAnimationFrame(() => {
    const wrong = form?.querySelector<HTMLElement>(
      '[data-decide], [aria-invalid="true"], [role="alert"] input, .mantine-InputWrapper-error',
    )
    // The whole warning, not its last line.
    const around = wrong?.closest('[role="alert"]') ?? wrong ?? form?.querySelector('[role="alert"]')
    wrong?.focus({ preventScroll: true })
    around?.scrollIntoView({ block: 'nearest' })
  })
}

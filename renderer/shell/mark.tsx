/** The sign of the product. Says nothing by itself. */
export function Mark({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="7" fill="var(--mantine-primary-color-filled)" />
      <g fill="none" stroke="#fff" strokeWidth="2">
        <circle cx="16" cy="16" r="9.5" />
        <ellipse cx="16" cy="16" rx="4.2" ry="9.5" />
        <path d="M6.5 16h19" />
      </g>
    </svg>
  )
}

/** Lines with their columns below each other: the first begins at the left, the others end at the right. */
export function aligned(lines: readonly (readonly string[])[]): string {
  const widthOf = (column: number) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0))
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => (column === 0 ? cell.padEnd(widthOf(column)) : cell.padStart(widthOf(column))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

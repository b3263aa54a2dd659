namespace VisionPlatform.Cli.Demo.Rendering;

/// <summary>A plain-text table: first column left-aligned, the others right-aligned, two spaces between.</summary>
internal sealed class TextTable(params string[] header)
{
    private readonly List<string[]> _rows = [header];

    /// <exception cref="ArgumentException">The number of cells is not the number of columns.</exception>
    public TextTable Row(params string[] cells)
    {
        if (cells.Length != header.Length)
            throw new ArgumentException($"A row of {cells.Length} cells in a table of {header.Length} columns.", nameof(cells));
        _rows.Add(cells);
        return this;
    }

    public IEnumerable<string> Lines()
    {
        var widths = Enumerable.Range(0, header.Length).Select(c => _rows.Max(r => r[c].Length)).ToArray();
        return _rows.Select(row => string.Join("  ", row.Select((cell, c) => c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))).TrimEnd());
    }
}

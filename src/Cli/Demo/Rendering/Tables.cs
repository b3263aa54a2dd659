using Spectre.Console;

namespace VisionPlatform.Cli.Demo.Rendering;

/// <summary>Tables as all steps show them: no border, the first column left-aligned, the others right-aligned, two spaces between.</summary>
internal static class Tables
{
    private const int Gap = 2;

    private static readonly Style Header = new(decoration: Decoration.Bold);

    /// <summary>A table with a row of these names.</summary>
    public static Grid With(params IReadOnlyList<string> columns)
    {
        var table = new Grid();
        for (var i = 0; i < columns.Count; i++)
            table.AddColumn(new GridColumn { Alignment = i == 0 ? Justify.Left : Justify.Right, Padding = new Padding(i == 0 ? 0 : Gap, 0, 0, 0) });
        return table.AddRow([.. columns.Select(column => new Text(column, Header))]);
    }

    /// <summary>Adds a row; cells are taken as they are, without markup.</summary>
    /// <exception cref="InvalidOperationException">There are more cells than columns.</exception>
    public static Grid Row(this Grid table, params IEnumerable<string> cells) => table.AddRow([.. cells.Select(cell => new Text(cell))]);
}

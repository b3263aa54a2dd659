using Spectre.Console;

namespace VisionPlatform.Cli.Demo.Rendering;

/// <summary>A confusion matrix: rows are the true class, columns the predicted one, a dot is zero.</summary>
internal static class ConfusionTable
{
    private const int LongestName = 12;

    /// <summary>More classes than this do not fit a terminal; the largest confusions are listed instead.</summary>
    private const int MostClasses = 20;

    private const int ListedConfusions = 10;

    /// <param name="classes">Names in index order.</param>
    /// <param name="matrix">Counts, <c>matrix[true][predicted]</c>.</param>
    /// <returns>Null when the matrix is not square over the classes.</returns>
    public static Grid? Of(IReadOnlyList<string> classes, int[][] matrix)
    {
        if (matrix.Length != classes.Count || matrix.Any(row => row.Length != classes.Count))
            return null;
        return classes.Count <= MostClasses ? Square(classes, matrix) : Largest(classes, matrix);
    }

    private static Grid Square(IReadOnlyList<string> classes, int[][] matrix)
    {
        var table = Tables.With(["true \\ predicted", .. classes.Select(Short)]);
        for (var row = 0; row < matrix.Length; row++)
            table.Row([Short(classes[row]), .. matrix[row].Select(count => count == 0 ? "·" : count.ToString())]);
        return table;
    }

    private static Grid Largest(IReadOnlyList<string> classes, int[][] matrix)
    {
        var table = Tables.With("true", "predicted", "images");
        var confusions =
            from t in Enumerable.Range(0, classes.Count)
            from p in Enumerable.Range(0, classes.Count)
            where t != p && matrix[t][p] > 0
            orderby matrix[t][p] descending, t, p
            select (t, p);
        foreach (var (t, p) in confusions.Take(ListedConfusions))
            table.Row(Short(classes[t]), Short(classes[p]), matrix[t][p].ToString());
        return table;
    }

    private static string Short(string name) => name.Length <= LongestName ? name : name[..(LongestName - 1)] + "…";
}

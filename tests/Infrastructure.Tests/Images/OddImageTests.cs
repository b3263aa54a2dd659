using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using VisionPlatform.Images;

namespace VisionPlatform.Infrastructure.Tests.Images;

/// <summary>
/// What a pixel is: odd files against what they were made to show. <c>trainers/tests/odd_images.py</c> makes them and says what they show; the
/// trainers' tests compare their own reading with the same answers.
/// </summary>
public sealed class OddImageTests(OddImages images) : IClassFixture<OddImages>
{
    private static readonly ImageInspector Inspector = new();

    [Fact]
    public void Each_odd_file_is_measured_and_shown_as_it_was_made_or_refused()
    {
        var wrong = images.Expected.Files.Select(file => (file.Key, Fault: FaultOf(file.Key, file.Value))).Where(file => file.Fault is not null).ToArray();

        Assert.True(images.Expected.Files.Count > 80);
        Assert.True(wrong.Length == 0, string.Join('\n', wrong.Select(file => $"{file.Key}: {file.Fault}")));
    }

    private string? FaultOf(string name, Shown shown)
    {
        var file = File.ReadAllBytes(Path.Combine(images.Folder, name));
        var seen = Inspector.Inspect(file);
        if (Inspector.CheckAsync(file, TestContext.Current.CancellationToken).GetAwaiter().GetResult() is var check && (check.Defect, check.Facts) != (seen.Defect, seen.Facts))
            return $"is {check.Defect?.ToString() ?? "good"} when only checked";
        if (shown.Refused)
            return seen.Defect is null ? "was taken" : seen.Detail is { Length: > 0 } && seen.Thumbnail is null ? null : "has no reason, or a thumbnail";
        if (seen.Defect is not null)
            return $"was refused: {seen.Detail}";
        if ((seen.Facts!.Width, seen.Facts.Height) != (shown.Width, shown.Height))
            return $"has {seen.Facts.Width} × {seen.Facts.Height} pixels instead of {shown.Width} × {shown.Height}";
        var thumbnail = TestImages.Decoded(seen.Thumbnail!);
        if ((thumbnail.Width, thumbnail.Height) != (shown.Width, shown.Height))
            return $"has a thumbnail of {thumbnail.Width} × {thumbnail.Height} pixels";
        return DifferenceOf(thumbnail, shown, images.Expected);
    }

    /// <summary>Says by how much a thumbnail looks different from what a file shows; null when the two look alike.</summary>
    internal static string? DifferenceOf((int Width, int Height, Func<int, int, (byte R, byte G, byte B)> Pixel) thumbnail, Shown shown, ExpectedImages bounds)
    {
        var differences = Cells(thumbnail).Zip(shown.Cells!).SelectMany(cell => cell.First.Zip(cell.Second, (a, b) => Math.Abs(a - b))).ToArray();
        return differences.Average() > bounds.MeanBound || differences.Max() > bounds.CellBound
            ? $"looks different: mean {differences.Average():0.0}, largest {differences.Max():0.0}"
            : null;
    }

    /// <summary>The mean RGB of 4 × 4 cells, row by row.</summary>
    private static IEnumerable<double[]> Cells((int Width, int Height, Func<int, int, (byte R, byte G, byte B)> Pixel) image) =>
        from row in Enumerable.Range(0, 4)
        from column in Enumerable.Range(0, 4)
        let pixels = (from y in Enumerable.Range(0, image.Height)
                      where y >= image.Height * row / 4 && y < image.Height * (row + 1) / 4
                      from x in Enumerable.Range(0, image.Width)
                      where x >= image.Width * column / 4 && x < image.Width * (column + 1) / 4
                      select image.Pixel(x, y)).ToArray()
        select new[] { pixels.Average(pixel => pixel.R), pixels.Average(pixel => pixel.G), pixels.Average(pixel => pixel.B) };
}

/// <summary>What a file shows: the upright size and the mean RGB of 4 × 4 cells; or that it is refused.</summary>
public sealed record Shown(bool Refused, int Width, int Height, double[][]? Cells);

/// <summary>The answers for all files, and how far two right decoders may be apart.</summary>
public sealed record ExpectedImages(double MeanBound, double CellBound, IReadOnlyDictionary<string, Shown> Files);

/// <summary>The odd files in a folder, made once for the class.</summary>
public sealed class OddImages() : ImageFolder("odd_images.py", "expected.json");

/// <summary>Image files in a folder, which a script of the trainers' tests makes with the answers for them.</summary>
public abstract class ImageFolder : IDisposable
{
    protected ImageFolder(string maker, string answers)
    {
        using var script = Process.Start(new ProcessStartInfo("/usr/bin/python3", [Path.GetFullPath(Path.Combine(Here(), "../../../trainers/tests", maker)), Folder]))!;
        script.WaitForExit();
        Assert.Equal(0, script.ExitCode);
        Expected = JsonSerializer.Deserialize<ExpectedImages>(File.ReadAllText(Path.Combine(Folder, answers)), JsonSerializerOptions.Web)!;
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("image-files-").FullName;

    public ExpectedImages Expected { get; }

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}

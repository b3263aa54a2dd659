using VisionPlatform.Images;

namespace VisionPlatform.Infrastructure.Tests.Images;

/// <summary>Damaged files are judged alike: upload, trainer and model server take them and see the same in them, or all refuse them.</summary>
public sealed class DamagedImageTests(DamagedImages images) : IClassFixture<DamagedImages>
{
    private static readonly ImageInspector Inspector = new();
    private static readonly PixelReader Reader = new(ImageInspector.DefaultMaxPixels);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_damaged_file_is_taken_by_upload_trainer_and_model_server_or_by_none()
    {
        var wrong = new List<string>();
        foreach (var (name, trainer) in images.Expected.Files)
            if (await FaultOfAsync(name, await File.ReadAllBytesAsync(Path.Combine(images.Folder, name), Cancellation), trainer) is { } fault)
                wrong.Add($"{name}: {fault}");

        Assert.True(images.Expected.Files.Count > 1000);
        Assert.Contains(images.Expected.Files.Values, file => file.Refused);
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private async Task<string?> FaultOfAsync(string name, byte[] file, Shown trainer)
    {
        var seen = Inspector.Inspect(file);
        var check = await Inspector.CheckAsync(file, Cancellation);
        var server = await ServedAsync(file);
        var verdicts = $"trainer {!trainer.Refused}, upload {check.Defect is null}, thumbnail {seen.Defect is null}, model server {server is not null}";
        // Pillow does not tell that libtiff made up pixels in place of damaged CCITT codes.
        var isKnown = name.StartsWith("tiff-group4", StringComparison.Ordinal);
        if (seen.Defect is not null && check.Defect is not null && (trainer.Refused || isKnown) && server is null)
            return null;
        if (seen.Defect is not null || check.Defect is not null || trainer.Refused || server is null)
            return $"{verdicts}: {seen.Detail}";
        if ((seen.Facts!.Width, seen.Facts.Height) != (trainer.Width, trainer.Height))
            return $"has {seen.Facts.Width} × {seen.Facts.Height} pixels, for a trainer {trainer.Width} × {trainer.Height}";
        return OddImageTests.DifferenceOf((trainer.Width, trainer.Height, (x, y) => (server[(y * trainer.Width + x) * 3], server[(y * trainer.Width + x) * 3 + 1], server[(y * trainer.Width + x) * 3 + 2])), trainer, images.Expected);
    }

    /// <summary>The pixels that a model server gives its model; null when it refuses the file.</summary>
    private static async Task<byte[]?> ServedAsync(byte[] file)
    {
        try
        {
            var measured = Reader.Measure(file);
            return await Reader.ReadAsync(measured, measured.Facts.Width, measured.Facts.Height, Interpolation.Bilinear, Cancellation);
        }
        catch (RefusedImageException)
        {
            return null;
        }
    }
}

/// <summary>The damaged files in a folder, made once for the class, with what a trainer makes of them.</summary>
public sealed class DamagedImages() : ImageFolder("damaged_images.py", "judged.json");

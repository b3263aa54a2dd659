using VisionPlatform.Images;

namespace VisionPlatform.Infrastructure.Tests.Images;

/// <summary>Damaged files are judged alike: what an upload takes a trainer reads and sees the same, and what it refuses a trainer refuses.</summary>
public sealed class DamagedImageTests(DamagedImages images) : IClassFixture<DamagedImages>
{
    private static readonly ImageInspector Inspector = new();

    [Fact]
    public void Each_damaged_file_is_taken_by_upload_and_trainer_or_by_none()
    {
        var wrong = images.Expected.Files.Select(file => (file.Key, Fault: FaultOf(file.Key, file.Value))).Where(file => file.Fault is not null).ToArray();

        Assert.True(images.Expected.Files.Count > 1000);
        Assert.Contains(images.Expected.Files.Values, file => file.Refused);
        Assert.True(wrong.Length == 0, string.Join('\n', wrong.Select(file => $"{file.Key}: {file.Fault}")));
    }

    private string? FaultOf(string name, Shown trainer)
    {
        var seen = Inspector.Inspect(File.ReadAllBytes(Path.Combine(images.Folder, name)));
        if (seen.Defect is not null || trainer.Refused)
            return (seen.Defect is null, trainer.Refused) switch
            {
                (true, true) => "is taken and no trainer reads it",
                (false, false) => $"is refused and a trainer reads it: {seen.Detail}",
                _ => null,
            };
        if ((seen.Facts!.Width, seen.Facts.Height) != (trainer.Width, trainer.Height))
            return $"has {seen.Facts.Width} × {seen.Facts.Height} pixels, for a trainer {trainer.Width} × {trainer.Height}";
        return OddImageTests.DifferenceOf(TestImages.Decoded(seen.Thumbnail!), trainer, images.Expected);
    }
}

/// <summary>The damaged files in a folder, made once for the class, with what a trainer makes of them.</summary>
public sealed class DamagedImages() : ImageFolder("damaged_images.py", "judged.json");

using System.Diagnostics;
using System.Runtime.CompilerServices;
using VisionPlatform.Images;

namespace VisionPlatform.ModelServer.Tests;

/// <summary>The server gives a model the pixels that the trainer gave it.</summary>
public sealed class ResizeTests
{
    [Theory]
    [InlineData(24, 40, Interpolation.Bilinear)]
    [InlineData(24, 40, Interpolation.Bicubic)]
    [InlineData(9, 7, Interpolation.Bilinear)]
    [InlineData(300, 200, Interpolation.Bilinear)]
    public async Task Odd_images_are_resized_to_the_values_that_trainers_see(int width, int height, Interpolation interpolation)
    {
        var trainers = Path.GetFullPath(Path.Combine(Here(), "../../trainers"));
        using var source = new TemporaryFolder();
        using var target = new TemporaryFolder();
        await PythonAsync(Path.Combine(trainers, "tests/odd_images.py"), source.Path);
        File.Delete(Path.Combine(source.Path, "expected.json"));
        // Decoded in several strips, the last of them shorter.
        await PythonAsync("-c", $"from PIL import Image; Image.effect_mandelbrot((2603, 2003), (-2, -1, 1, 1), 90).convert('RGB').save(r'{source.Path}/large.png')");
        await PythonAsync(Path.Combine(AppContext.BaseDirectory, "resized.py"), source.Path, target.Path, $"{width}", $"{height}", $"{interpolation}", Path.Combine(trainers, "sdk"));
        using var reader = new PixelReader(100_000_000);
        var (wrong, compared) = (new List<string>(), 0);

        foreach (var file in Directory.GetFiles(target.Path))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            var wanted = await File.ReadAllBytesAsync(file);
            var got = await reader.ReadAsync(reader.Measure(await File.ReadAllBytesAsync(Path.Combine(source.Path, name))), width, height, interpolation, CancellationToken.None);
            var difference = wanted.Length == got.Length ? wanted.Zip(got, (a, b) => Math.Abs(a - b)).Max() : 255;
            compared++;
            // What is transparent is put on white by each library with a rounding of its own.
            if (difference > (name.Contains("alpha", StringComparison.Ordinal) || name.Contains("rgba", StringComparison.Ordinal) ? 2 : 0))
                wrong.Add($"{name}: {difference}");
        }

        Assert.True(compared > 60, $"only {compared} files were compared");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static async Task PythonAsync(params string[] arguments)
    {
        using var script = Process.Start(new ProcessStartInfo("/usr/bin/python3", arguments))!;
        await script.WaitForExitAsync();
        Assert.Equal(0, script.ExitCode);
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    private sealed class TemporaryFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("resize-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}

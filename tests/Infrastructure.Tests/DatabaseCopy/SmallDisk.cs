using System.Diagnostics;
using System.Globalization;

namespace VisionPlatform.Infrastructure.Tests.DatabaseCopy;

/// <summary>A file system in memory of a few megabytes, which fills up. Only root may mount one.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private readonly string _mount;

    private SmallDisk(string mount) => _mount = mount;

    /// <summary>A folder on it that belongs to the server's user.</summary>
    public string Folder => Path.Combine(_mount, "data");

    public static async Task<SmallDisk> MountAsync(int megabytes)
    {
        var disk = new SmallDisk(Directory.CreateTempSubdirectory("small-disk-").FullName);
        await RunAsync("mount", "-t", "tmpfs", "-o", Size(megabytes), "tmpfs", disk._mount);
        Directory.CreateDirectory(disk.Folder);
        await RunAsync("chmod", "755", disk._mount);
        await RunAsync("chown", "postgres", disk.Folder);
        return disk;
    }

    /// <summary>Somebody made room.</summary>
    public Task GrowAsync(int megabytes) => RunAsync("mount", "-o", $"remount,{Size(megabytes)}", _mount);

    public async ValueTask DisposeAsync()
    {
        await RunAsync("umount", "-l", _mount);
        Directory.Delete(_mount);
    }

    private static string Size(int megabytes) => string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m");

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program}: {error}");
    }
}

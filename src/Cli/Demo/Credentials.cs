using System.Security.Cryptography;
using System.Text.Json;
using VisionPlatform.Cli.Demo.Api;

namespace VisionPlatform.Cli.Demo;

/// <summary>The admin's e-mail and password, stored between runs in a file that only its owner can read.</summary>
internal sealed record Credentials(string Email, string Password)
{
    private const string Alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    private const int PasswordLength = 24;

    public static string NewPassword() => RandomNumberGenerator.GetString(Alphabet, PasswordLength);

    /// <summary>The stored credentials; null when there are none.</summary>
    /// <exception cref="CommandException">The file holds something else.</exception>
    public static Credentials? Load(FileInfo file)
    {
        if (!file.Exists)
            return null;
        try
        {
            return JsonSerializer.Deserialize<Credentials>(File.ReadAllText(file.FullName), PlatformClient.Json)
                is { Email.Length: > 0, Password.Length: > 0 } stored ? stored : throw new JsonException();
        }
        catch (JsonException)
        {
            throw CommandException.Usage($"{file.FullName} holds no credentials (email, password). Remove it or name another with --credentials.");
        }
    }

    /// <summary>Replaces the file in one step, readable by its owner only.</summary>
    public void Save(FileInfo file)
    {
        file.Directory?.Create();
        var draft = file.FullName + ".new";
        File.Delete(draft);
        var mode = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            mode.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var stream = new FileStream(draft, mode))
            JsonSerializer.Serialize(stream, this, PlatformClient.Json);
        File.Move(draft, file.FullName, overwrite: true);
        file.Refresh();
    }
}

using System.Text;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Secrets;

namespace VisionPlatform.Infrastructure.Mail;

/// <summary>Encrypts queued mails with a key of JWT_SECRET, so that only this installation can read them. Opens them also with JWT_SECRET_PREVIOUS.</summary>
public sealed class MailSeal(AccountSettings settings)
{
    private const string Purpose = "vision-platform queued mail";

    // The current secret comes first.
    private readonly SealingKey[] _keys = [.. SecretsOf(settings).Select(secret => SealingKey.Derive(secret, Purpose))];

    /// <summary>Names of the keys, 16 hexadecimal digits each, which reveal nothing about the keys. <see cref="Seal"/> uses the first.</summary>
    public string[] KeyNames { get; } = [.. SecretsOf(settings).Select(secret => SealingKey.NameOf(secret, Purpose))];

    public byte[] Seal(string text) => _keys[0].Seal(Encoding.UTF8.GetBytes(text));

    /// <summary>Decrypts a text; null when it was sealed with another secret or has been changed.</summary>
    public string? Open(byte[] content) => _keys.Select(key => key.Open(content)).FirstOrDefault(plain => plain is not null) is { } plain ? Encoding.UTF8.GetString(plain) : null;

    private static IEnumerable<byte[]> SecretsOf(AccountSettings settings) =>
        new[] { settings.Secret, settings.PreviousSecret }.OfType<string>().Select(Encoding.UTF8.GetBytes);
}

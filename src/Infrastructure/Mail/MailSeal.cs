using System.Text;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Secrets;

namespace VisionPlatform.Infrastructure.Mail;

/// <summary>Seals waiting mails under JWT_SECRET, so that only this installation reads them; opens them under JWT_SECRET_PREVIOUS too.</summary>
public sealed class MailSeal(AccountSettings settings)
{
    private const string Purpose = "vision-platform queued mail";

    // The present secret first.
    private readonly SealingKey[] _keys = [.. SecretsOf(settings).Select(secret => SealingKey.Derive(secret, Purpose))];

    /// <summary>Names of the keys that open, 16 hexadecimal digits each; they tell nothing of the keys. <see cref="Seal"/> takes the first.</summary>
    public string[] KeyNames { get; } = [.. SecretsOf(settings).Select(secret => SealingKey.NameOf(secret, Purpose))];

    public byte[] Seal(string text) => _keys[0].Seal(Encoding.UTF8.GetBytes(text));

    /// <summary>The text; null when it was sealed under another secret or has changed since.</summary>
    public string? Open(byte[] content) => _keys.Select(key => key.Open(content)).FirstOrDefault(plain => plain is not null) is { } plain ? Encoding.UTF8.GetString(plain) : null;

    private static IEnumerable<byte[]> SecretsOf(AccountSettings settings) =>
        new[] { settings.Secret, settings.PreviousSecret }.OfType<string>().Select(Encoding.UTF8.GetBytes);
}

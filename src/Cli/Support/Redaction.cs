using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Cli.Support;

/// <summary>
/// Takes out of a text what must not leave the installation: values of secret settings, passwords in addresses, tokens, signatures of presigned
/// addresses, and e-mail addresses.
/// </summary>
internal sealed partial class Redaction
{
    /// <summary>A shorter value is a word that texts have anyway.</summary>
    private const int ShortestSecret = 6;

    private readonly (string Value, string Name)[] _secrets;

    /// <param name="configuration">The settings of the installation.</param>
    /// <param name="declared">Which settings there are, and which of them are secrets.</param>
    public Redaction(IConfiguration configuration, IEnumerable<Setting> declared) =>
        _secrets =
        [
            .. from setting in declared
               where setting.IsSecret
               from name in setting.Aliases.Prepend(setting.Name)
               let value = configuration[name]
               where value is { Length: >= ShortestSecret }
               from part in PartsOf(value)
               orderby part.Length descending
               select (part, name),
        ];

    /// <summary>The text without secrets. What was taken out is named in brackets.</summary>
    public string Of(string text)
    {
        foreach (var (value, name) in _secrets)
            text = text.Replace(value, $"[{name}]", StringComparison.Ordinal);
        text = PasswordInAddress().Replace(text, "${before}[password]@");
        text = Signed().Replace(text, "${name}=[removed]");
        text = Bearer().Replace(text, "${word} [token]");
        text = Token().Replace(text, "[token]");
        return Email().Replace(text, "[e-mail]");
    }

    // The password of a database's address is a secret by itself: other texts may show it without the address.
    private static IEnumerable<string> PartsOf(string value)
    {
        yield return value;
        if (Uri.TryCreate(value, UriKind.Absolute, out var address) && address.UserInfo.Split(':', 2) is [_, { Length: >= ShortestSecret } password])
        {
            yield return password;
            if (Uri.UnescapeDataString(password) is var plain && plain != password)
                yield return plain;
        }
    }

    [GeneratedRegex("""(?<before>\b[a-z][a-z0-9+.-]*://[^\s:/@"']*:)[^\s@"'/]+@""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PasswordInAddress();

    [GeneratedRegex("""(?<name>X-Amz-(?:Signature|Credential|Security-Token)|\b(?:access_)?token|\bapi_?key|\bsig|\bpassword)=[^&\s"'<>]+""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Signed();

    [GeneratedRegex("""(?<word>\bBearer)\s+[^\s"',;]+""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Bearer();

    // JSON Web Tokens, and tokens that people and deployments make for scripts.
    [GeneratedRegex($@"\beyJ[\w-]+\.[\w-]+\.[\w-]*|\b(?:{PersonalToken.Prefix}|{DeploymentKey.Prefix})\w{{8,}}", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex("""[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+""", RegexOptions.CultureInvariant)]
    private static partial Regex Email();
}

using System.Text.RegularExpressions;

namespace VisionPlatform.Api.Telemetry;

/// <summary>Finds what must not leave the app in texts that others wrote: e-mail addresses, tokens, and the signatures of presigned URLs.</summary>
public static partial class PersonalData
{
    private const string Hidden = "[hidden]";

    /// <summary>The text with each of them replaced.</summary>
    public static string Hide(string text) => Email().Replace(Jwt().Replace(Bearer().Replace(Signature().Replace(text, $"$1{Hidden}"), $"$1{Hidden}"), Hidden), Hidden);

    [GeneratedRegex(@"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")]
    private static partial Regex Email();

    // RFC 7519: three parts in base64url; the first begins with {" .
    [GeneratedRegex(@"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")]
    private static partial Regex Jwt();

    [GeneratedRegex(@"(\bBearer\s+)[^\s""',;]+", RegexOptions.IgnoreCase)]
    private static partial Regex Bearer();

    [GeneratedRegex(@"(\bX-Amz-(?:Signature|Credential|Security-Token)=)[^&\s""']+", RegexOptions.IgnoreCase)]
    private static partial Regex Signature();
}

using System.Net;

namespace VisionPlatform.Cli.Storage;

/// <summary>What came of one thing that a holder of an upload URL may try.</summary>
/// <param name="What">What was tried.</param>
/// <param name="Answer">What the store answered.</param>
/// <param name="Verdict">What that means.</param>
internal sealed record UrlAbuse(string What, string Answer, AbuseVerdict Verdict)
{
    /// <param name="what">What was tried.</param>
    /// <param name="status">The store's answer.</param>
    /// <param name="hadEffect">Whether the store did it. Some stores accept what they do not know and ignore it.</param>
    /// <param name="isDangerous">Whether it does harm although the platform keeps only a copy of the bytes that it has read.</param>
    public static UrlAbuse Of(string what, HttpStatusCode status, bool hadEffect, bool isDangerous = true) => new(what, $"{(int)status}", hadEffect
        ? isDangerous ? AbuseVerdict.Dangerous : AbuseVerdict.Harmless
        : (int)status is >= 200 and < 300 ? AbuseVerdict.NoEffect : AbuseVerdict.Refused);

    /// <summary>For people.</summary>
    public string Means => Verdict switch
    {
        AbuseVerdict.Works => "works, as it must",
        AbuseVerdict.Refused => "refused",
        AbuseVerdict.NoEffect => "accepted without effect",
        AbuseVerdict.Harmless => "allowed; never reaches an image or a model",
        AbuseVerdict.Dangerous => "ALLOWED: DANGEROUS",
        _ => "FAILS, but must work",
    };

    public bool IsBad => Verdict is AbuseVerdict.Dangerous or AbuseVerdict.Broken;
}

internal enum AbuseVerdict
{
    Works,
    Refused,
    NoEffect,
    Harmless,
    Dangerous,

    /// <summary>What must work does not.</summary>
    Broken,
}

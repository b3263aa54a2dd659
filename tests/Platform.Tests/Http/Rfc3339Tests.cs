using VisionPlatform.Api.Http.Requests;

namespace VisionPlatform.Platform.Tests.Http;

public sealed class Rfc3339Tests
{
    [Theory]
    [InlineData("2026-11-20T08:30:00Z", "2026-11-20T08:30:00.0000000")]
    [InlineData("2026-11-20t08:30:00z", "2026-11-20T08:30:00.0000000")]
    [InlineData("2026-11-20T08:30:00.5+01:00", "2026-11-20T07:30:00.5000000")]
    [InlineData("2026-11-20T08:30:00.1234567891234Z", "2026-11-20T08:30:00.1234567")]
    [InlineData("2024-02-29T23:59:59-00:00", "2024-02-29T23:59:59.0000000")]
    public void A_full_time_with_an_offset_is_read(string text, string utc)
    {
        Assert.True(Rfc3339.TryParse(text, out var time));
        Assert.Equal(TimeSpan.Zero, time.Offset);
        Assert.Equal(utc, time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("10:00")]
    [InlineData("2026-11-20")]
    [InlineData("2026-11-20T08:30Z")]
    [InlineData("2026-11-20T08:30:00")]
    [InlineData("2026-11-20 08:30:00Z")]
    [InlineData("2026-11-20T08:30:000Z")]
    [InlineData("2026-11-20T08:30:00.Z")]
    [InlineData("2026-11-20T08:30:00+0100")]
    [InlineData("2026-13-20T08:30:00Z")]
    [InlineData("2025-02-29T08:30:00Z")]
    [InlineData("2026-11-20T24:00:00Z")]
    [InlineData("2026-11-20T08:30:60Z")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("9999-12-31T23:59:59-14:00")]
    [InlineData("٢٠٢٦-11-20T08:30:00Z")]
    [InlineData("2026-11-20T08:30:00Z\n")]
    public void Any_other_text_is_refused(string? text) => Assert.False(Rfc3339.TryParse(text, out _));
}

using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;
using VisionPlatform.Images;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Http;

/// <summary>The page with the API's description needs no other server and cannot contact one.</summary>
public sealed partial class DocsPageTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task The_page_and_its_scripts_come_from_the_app_and_contact_no_other_server()
    {
        using var http = Client();

        using var page = await http.GetAsync("api/v1/docs");
        var html = await page.Content.ReadAsStringAsync();
        var policy = page.Headers.GetValues("Content-Security-Policy").Single();
        var scripts = Source().Matches(html).Select(source => new Uri(page.RequestMessage!.RequestUri!, source.Groups[1].Value)).ToList();

        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("connect-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        Assert.Equal(2, scripts.Count);
        foreach (var script in scripts)
        {
            Assert.Equal(Host.App.Address.Authority, script.Authority);
            using var answer = await http.GetAsync(script);
            Assert.Equal("text/javascript", answer.EnsureSuccessStatusCode().Content.Headers.ContentType?.MediaType);
        }
    }

    [Fact]
    public async Task The_large_script_is_compressed_and_cached_by_clients()
    {
        using var http = Client();
        var plain = await http.GetByteArrayAsync("api/v1/docs/scalar.js");

        using var packed = await http.SendAsync(Get(("Accept-Encoding", "br, gzip")));
        using var again = await http.SendAsync(Get(("If-None-Match", packed.Headers.ETag!.ToString())));
        await using var unpacked = new GZipStream(await packed.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        using var text = new MemoryStream();
        await unpacked.CopyToAsync(text);

        Assert.Equal(["gzip"], packed.Content.Headers.ContentEncoding);
        Assert.Contains("Accept-Encoding", packed.Headers.Vary);
        Assert.Equal(plain, text.ToArray());
        Assert.True(plain.AsSpan().IndexOf("createApiReference"u8) > 0);
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
    }

    [Fact]
    public async Task Other_files_are_not_served()
    {
        using var anybody = Host.App.NewClient();

        foreach (var file in (string[])["docs.html", "favicon.svg", "..%2Fhost.json", "scalar.aspnetcore.js"])
            (await anybody.GetAsync($"docs/{file}")).Expect(404, "NOT_FOUND");
    }

    private HttpClient Client() => new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None }) { BaseAddress = Host.App.Address };

    private static HttpRequestMessage Get((string Name, string Value) header)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "api/v1/docs/scalar.js");
        request.Headers.Add(header.Name, header.Value);
        return request;
    }

    [GeneratedRegex("<script src=\"([^\"]+)\">")]
    private static partial Regex Source();
}

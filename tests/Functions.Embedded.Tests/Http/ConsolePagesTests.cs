using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace VisionPlatform.Functions.Embedded.Tests.Http;

/// <summary>The pages that the host serves at <c>/</c> beside the functions of the app.</summary>
public sealed class ConsolePagesTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("console-pages-").FullName;
    private WebApplication _app = null!;
    private HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "assets"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "index.html"), "<title>console</title>");
        await File.WriteAllTextAsync(Path.Combine(_folder, "assets", "main-a1b2.js"), new string('/', 5000));
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddResponseCompression(compression => compression.EnableForHttps = true);
        _app = builder.Build();
        new ConsolePages(_folder, ["https://store.example.com"]).Use(_app);
        _app.UseRouting(); // without this, a web application routes before all else
        // As the app does, which answers at every address.
        _app.MapFallback("{*path}", http => { http.Response.StatusCode = 404; return http.Response.WriteAsync("function"); });
        await _app.StartAsync();
        _client = new HttpClient { BaseAddress = new Uri(_app.Urls.Single()) };
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/projects/01995b5e-0a00-7000-8000-000000000001/jobs")]
    [InlineData("/administration")]
    public async Task A_browser_gets_the_page_at_every_address_of_the_application(string address)
    {
        using var answer = await GetAsync(address, "text/html");
        Assert.Equal("<title>console</title>", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("no-cache", answer.Headers.CacheControl!.ToString());
        Assert.Contains("connect-src 'self' https://store.example.com", answer.Headers.GetValues("Content-Security-Policy").Single());
    }

    [Theory]
    [InlineData("/api/v1/projects")]
    [InlineData("/admin/host/status")]
    [InlineData("/runtime/webhooks/durabletask")]
    [InlineData("/health/ready")]
    [InlineData("/thumbnails/1/2")]
    [InlineData("/metrics")]
    public async Task Addresses_of_functions_and_of_the_host_are_never_pages(string address)
    {
        using var answer = await GetAsync(address, "text/html");
        Assert.Equal("function", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_program_gets_no_page_for_an_unknown_address()
    {
        using var answer = await GetAsync("/projects", "application/json");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_missing_file_is_no_page_because_a_browser_would_run_it()
    {
        using var answer = await GetAsync("/assets/main-old.js", "text/html");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Files_with_a_hash_in_their_name_are_kept_for_a_year_and_sent_compressed()
    {
        using var answer = await GetAsync("/assets/main-a1b2.js", "*/*", "br");
        Assert.Equal("public, max-age=31536000, immutable", answer.Headers.CacheControl!.ToString());
        Assert.Equal("br", answer.Content.Headers.ContentEncoding.Single());
    }

    private async Task<HttpResponseMessage> GetAsync(string address, string accept, string encoding = "identity")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        request.Headers.AcceptEncoding.ParseAdd(encoding);
        return await _client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}

using System.Buffers.Text;
using System.Text;
using Azure.Core;
using VisionPlatform.Cli;
using VisionPlatform.Cli.Storage;
using VisionPlatform.Functions.Host.Tests.Hosts;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Tests;

namespace VisionPlatform.Functions.Host.Tests.Storage;

/// <summary>The storage account of the Functions host: what is right, and what a wrong one is told in one line.</summary>
public sealed class StorageAccountTests(AzuriteFixture fixture) : IClassFixture<AzuriteFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_valid_connection_string_reaches_blobs_queues_and_tables() =>
        Assert.Empty(await AskAsync(HostStorage.Parse(fixture.Azurite.ConnectionString)));

    [Fact]
    public async Task Three_service_uris_and_an_identity_are_accepted()
    {
        await using var azurite = await Azurite.StartAsync(identities: true);
        var storage = HostStorage.From(new FunctionsHostSettings(null, null, azurite.Blobs, azurite.Queues, azurite.Tables));

        Assert.Equal(Azurite.Account, storage.Account);
        Assert.Empty(await AskAsync(storage));
        Assert.Contains("refuses this identity", Assert.Single(await AskAsync(storage, audience: "https://vault.azure.net")));
    }

    [Fact]
    public async Task A_wrong_key_is_reported_in_one_line_without_the_key()
    {
        var key = Convert.ToBase64String(new byte[64]);
        var problem = Assert.Single(await AskAsync(HostStorage.Parse(fixture.Azurite.ConnectionString.Replace(Azurite.Key, key, StringComparison.Ordinal))));

        Assert.StartsWith($"storage account '{Azurite.Account}': the blob, queue and table service refuses the key", problem);
        Assert.DoesNotContain(key, problem);
        Assert.DoesNotContain('\n', problem);
    }

    [Fact]
    public async Task A_service_that_does_not_answer_is_named()
    {
        var nobody = LoopbackPort.Free();
        var half = fixture.Azurite.ConnectionString.Replace($"{fixture.Azurite.Tables.Port}", $"{nobody}", StringComparison.Ordinal);

        var problem = Assert.Single(await AskAsync(HostStorage.Parse(half)));

        Assert.Equal($"storage account '{Azurite.Account}': the table service does not answer at http://127.0.0.1:{nobody} (ConnectionRefused)", problem);
    }

    [Fact]
    public async Task A_service_uri_of_another_kind_is_named()
    {
        var swapped = fixture.Azurite.ConnectionString.Replace($"{fixture.Azurite.Tables.Port}", $"{fixture.Azurite.Queues.Port}", StringComparison.Ordinal);
        Assert.Contains("is it the table service of this account?", Assert.Single(await AskAsync(HostStorage.Parse(swapped))));
    }

    [Theory]
    [InlineData("AccountName=platform", "half configured: it has no AccountKey")]
    [InlineData("AccountKey=c2VjcmV0", "half configured: it has no AccountName")]
    [InlineData("AccountName=platform;AccountKey=not base64", "AccountKey that is not base64")]
    [InlineData("AccountName=platform;AccountKey=c2VjcmV0;QueueEndpoint=somewhere", "QueueEndpoint that is no URL")]
    [InlineData("https://platform.blob.core.windows.net", "is no connection string")]
    public void An_incomplete_connection_string_is_refused_and_the_missing_part_is_named(string connection, string message)
    {
        var wrong = Assert.Throws<CommandException>(() => HostStorage.Parse(connection));
        Assert.Contains(message, wrong.Message);
        Assert.DoesNotContain("c2VjcmV0", wrong.Message);
    }

    [Fact]
    public void A_service_uri_without_the_others_is_refused_and_the_missing_ones_are_named()
    {
        var wrong = Assert.Throws<CommandException>(() => HostStorage.From(new FunctionsHostSettings(null, null, new Uri("https://platform.blob.core.windows.net"), null, null)));
        Assert.Equal("the storage account is half configured: AzureWebJobsStorage__queueServiceUri and AzureWebJobsStorage__tableServiceUri are not set", wrong.Message);
    }

    [Fact]
    public async Task The_doctor_reports_a_wrong_account_in_one_line()
    {
        var folder = Directory.CreateTempSubdirectory("doctor-").FullName;
        try
        {
            var wrong = fixture.Azurite.ConnectionString.Replace(Azurite.Key, "AAAA", StringComparison.Ordinal);
            var right = await DoctorAsync(folder, fixture.Azurite.ConnectionString);
            Assert.StartsWith("  ok   AzureWebJobsStorage", right);
            Assert.EndsWith("blobs, queues and tables answer", right);
            Assert.Contains("refuses the key", await DoctorAsync(folder, wrong));
            Assert.Contains("half configured", await DoctorAsync(folder, "AccountName=platform"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<string> DoctorAsync(string folder, string storage)
    {
        var said = await EntryScript.RunAsync(new Dictionary<string, string?> { ["AzureWebJobsStorage"] = storage, ["PLATFORM_DIR"] = folder }, "doctor");
        return Assert.Single(said.Output.Split('\n'), line => line.Contains("AzureWebJobsStorage", StringComparison.Ordinal));
    }

    private static async Task<IReadOnlyList<string>> AskAsync(HostStorage storage, string audience = "https://storage.azure.com")
    {
        using var http = new HttpClient(new HttpClientHandler { ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator });
        return await new HostStorageCheck(http, new SomeIdentity(audience), TimeProvider.System).FindProblemsAsync(storage, Cancel);
    }

    /// <summary>A token as Entra ID issues it, but unsigned: Azurite looks at issuer, audience and times only.</summary>
    private sealed class SomeIdentity(string audience) : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
        {
            var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            var claims = $$"""{"aud":"{{audience}}","iss":"https://sts.windows.net/11111111-2222-3333-4444-555555555555/","iat":{{now - 60}},"nbf":{{now - 60}},"exp":{{now + 600}}}""";
            return new AccessToken($"{Encode("""{"alg":"RS256","typ":"JWT"}""")}.{Encode(claims)}.{Encode("signature")}", DateTimeOffset.UtcNow.AddMinutes(10));
        }

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) => new(GetToken(requestContext, cancellationToken));

        private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
    }
}

public sealed class AzuriteFixture : IAsyncLifetime
{
    public Azurite Azurite { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Azurite = await Azurite.StartAsync();

    public ValueTask DisposeAsync() => Azurite.DisposeAsync();
}

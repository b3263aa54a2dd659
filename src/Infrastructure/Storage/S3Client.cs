using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>
/// The SDK's client with the one rule every put and part must obey, whoever sends it (TransferUtility included): the payload hash is
/// never <c>STREAMING-*</c>, which R2 refuses. Over TLS the payload goes unsigned; over http, where the SDK forbids that, it is hashed whole.
/// </summary>
internal sealed class S3Client(AWSCredentials credentials, AmazonS3Config config, bool tls) : AmazonS3Client(credentials, config)
{
    public override Task<PutObjectResponse> PutObjectAsync(PutObjectRequest request, CancellationToken cancellationToken = default)
    {
        if (tls)
            request.DisablePayloadSigning = true;
        else
            request.UseChunkEncoding = false;
        return base.PutObjectAsync(request, cancellationToken);
    }

    public override Task<UploadPartResponse> UploadPartAsync(UploadPartRequest request, CancellationToken cancellationToken = default)
    {
        if (tls)
            request.DisablePayloadSigning = true;
        else
            request.UseChunkEncoding = false;
        return base.UploadPartAsync(request, cancellationToken);
    }

    /// <summary>A client for the endpoint of <paramref name="settings"/>; retries are left to the caller's pipeline.</summary>
    public static S3Client Create(BucketSettings settings, HttpMessageHandler handler) =>
        new(new BasicAWSCredentials(settings.AccessKey, settings.SecretKey), new AmazonS3Config
        {
            ServiceURL = settings.Endpoint.ToString(),
            AuthenticationRegion = settings.Region,
            ForcePathStyle = true,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
            MaxErrorRetry = 0,
            ThrottleRetries = false,
            Timeout = Timeout.InfiniteTimeSpan,
            HttpClientFactory = new SharedHttpClient(handler),
        }, settings.IsTls);

    /// <summary>One <see cref="HttpClient"/> for the life of the store.</summary>
    private sealed class SharedHttpClient(HttpMessageHandler handler) : HttpClientFactory
    {
        private readonly HttpClient _client = new(new WithoutExpect(handler)) { Timeout = Timeout.InfiniteTimeSpan };

        public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

        public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

        public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;
    }

    /// <summary>
    /// Drops <c>Expect: 100-continue</c>, which the SDK puts on every upload: R2 never answers it, and each put would wait a second for nothing.
    /// </summary>
    private sealed class WithoutExpect(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.ExpectContinue = false;
            return base.SendAsync(request, cancellationToken);
        }
    }
}

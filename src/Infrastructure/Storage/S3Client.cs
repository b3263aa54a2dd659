using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>
/// The SDK's client, changed so that no put or part has the payload hash <c>STREAMING-*</c>, which R2 refuses. This also covers uploads by
/// TransferUtility. Over TLS the payload is not signed. Over http, where the SDK requires a signature, the whole payload is hashed.
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

    /// <summary>A client for the endpoint of <paramref name="settings"/>; it does not retry, because the caller's pipeline does.</summary>
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
    /// Removes <c>Expect: 100-continue</c>, which the SDK adds to every upload. R2 never answers it, so each put would wait a second.
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

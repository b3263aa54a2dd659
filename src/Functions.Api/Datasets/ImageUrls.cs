using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Api.Datasets;

/// <summary>Addresses that need no sign-in, for a while: of an image in the object store, and of its thumbnail there or, until it is made, here.</summary>
public sealed class ImageUrls(ObjectStores stores, DatasetLimits limits, HostingSettings hosting, SignedToken tokens, TimeProvider time)
{
    public const string ThumbnailRoute = "thumbnails/{id:guid}/{imageId:guid}";

    private const string Audience = "thumbnail";

    public ImageAnswer Answer(DatasetImage image) => new(
        image.Id, image.Path, image.Class, image.Split, image.Width, image.Height, image.Size, image.Sha256, image.ContentType, Read(image.Key),
        image.ThumbnailKey is { } key ? Read(key) : NotMadeYet(image), image.CreatedAt);

    /// <summary>A presigned GET of an object of the datasets bucket.</summary>
    public string Read(string key) => stores.External.PresignGet(key, limits.ReadUrlLifetime).Url;

    /// <summary>Whether a token came from the address of this image's thumbnail and has not expired.</summary>
    public bool Allows(string token, Guid imageId) => tokens.Verify(token, Audience).Claims?.Subject == imageId.ToString();

    private string NotMadeYet(DatasetImage image)
    {
        var expires = (time.GetUtcNow() + limits.ReadUrlLifetime).ToUnixTimeSeconds();
        var token = tokens.Sign(new TokenClaims { Audience = Audience, Subject = image.Id.ToString(), ExpiresAt = expires });
        return new Uri(hosting.PublicUrl, $"thumbnails/{image.DatasetId}/{image.Id}?token={token}").ToString();
    }
}

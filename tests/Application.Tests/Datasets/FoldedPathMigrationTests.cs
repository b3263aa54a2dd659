using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Domain.Text;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Tests.Datasets;

public sealed class FoldedPathMigrationTests(PostgresServer postgres)
{
    [Fact]
    public async Task Rows_of_earlier_releases_get_the_path_that_the_code_folds_and_none_is_lost()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("DATABASE_URL", await postgres.NewDatabaseAsync())]).Build();
        await using var database = new PlatformDatabase(
            new DbContextOptionsBuilder<PlatformDatabase>().UseNpgsql(DatabaseSettings.ConnectionString(settings, "DATABASE_URL")).Options);
        await database.GetService<IMigrator>().MigrateAsync("20261121054701_UploadsOfAnAccount", cancellation);
        var everything = string.Concat(CaseFold.Replacements.Select(pair => pair.Character));
        string[] paths = ["a/B.png", "a/STRASSE.png", "a/straße.png", "a/Caf\u00E9.png", "b/cafe\u0301.png", "b/x%y'.png", .. everything.Chunk(100).Select(chunk => new string(chunk)).Where(text => !char.IsHighSurrogate(text[^1]) && !char.IsLowSurrogate(text[0]))];
        Guid project = Guid.CreateVersion7(), dataset = Guid.CreateVersion7(), user = Guid.CreateVersion7();
        await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO projects (id, name, owner_id, created_at, updated_at) VALUES ({project}, 'p', {user}, now(), now());
            INSERT INTO datasets (id, project_id, name, task_type, split, created_by, created_at, updated_at)
            VALUES ({dataset}, {project}, 'd', 'image_classification', '[]', {user}, now(), now());
            INSERT INTO dataset_images (id, dataset_id, path, key, content_type, size, sha256, width, height, created_by, created_at)
            SELECT ('00000000-0000-7000-8000-' || lpad(number::text, 12, '0'))::uuid, {dataset}, path, 'k' || number, 'image/png', 1, 'ab', 1, 1, {user}, now()
            FROM unnest({paths}) WITH ORDINALITY AS p(path, number);
            INSERT INTO dataset_uploads (id, dataset_id, path, key, content_type, size, created_by, created_at, expires_at)
            SELECT gen_random_uuid(), {dataset}, path, 'k' || number, 'image/png', 1, {user}, now(), now()
            FROM unnest({paths}) WITH ORDINALITY AS p(path, number);
            """, cancellation);

        await database.Database.MigrateAsync(cancellation);

        var images = await database.DatasetImages.AsNoTracking().OrderBy(image => image.Id).ToListAsync(cancellation);
        Assert.Equal(paths, images.Select(image => image.Path));
        foreach (var image in images.Where(image => image.Path != "a/straße.png"))
            Assert.Equal(CaseFold.Of(image.Path), image.FoldedPath);
        // It is the second of two that are the same.
        Assert.StartsWith("a/strasse.png//", images.Single(image => image.Path == "a/straße.png").FoldedPath);
        Assert.Equal(paths.Length, await database.DatasetUploads.CountAsync(cancellation));
    }
}

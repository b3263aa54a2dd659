using System.Text;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets.Annotations;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Datasets.Annotations;

namespace VisionPlatform.Application.Tests.Datasets;

/// <summary>Annotations of a dataset.</summary>
public sealed partial class DatasetWorkbench
{
    /// <summary>Announces an annotation file, puts it and completes it; nothing is read yet.</summary>
    public Task<AnnotationImport> UploadAnnotationsAsync(string content, AnnotationMode mode = AnnotationMode.Replace, bool addClasses = false, string folder = "") =>
        UploadAnnotationsAsync(Encoding.UTF8.GetBytes(content), new AnnotationImportDraft("labels.json", 0, mode, addClasses, folder));

    /// <inheritdoc cref="UploadAnnotationsAsync(string, AnnotationMode, bool, string)"/>
    public async Task<AnnotationImport> UploadAnnotationsAsync(byte[] bytes, AnnotationImportDraft draft)
    {
        await using var database = fixture.Database();
        await using var users = fixture.Users();
        var imports = new AnnotationIntake(database, fixture.Stores, Staged(database), new Quotas(database, users, Time), Application.Datasets.DatasetLimits.Default, Time);
        var once = new IdempotentCreate<AnnotationImportTicket>(null, _ => new StoredAnswer(201, null, null, null), Time);
        var ticket = (await imports.AnnounceAsync(Dataset.Id, Dataset.CreatedBy, draft with { Size = bytes.Length }, once, CancellationToken.None)).Made!;
        Assert.Equal(200, await PutAsync(ticket.Request, bytes));
        return await imports.CompleteAsync(Dataset.Id, ticket.Import.Id, CancellationToken.None);
    }

    /// <summary>Imports a file to the end, step by step, as the orchestration does, each step with services of its own.</summary>
    public async Task<AnnotationImport> ImportAsync(string content, AnnotationMode mode = AnnotationMode.Replace, bool addClasses = false, string folder = "", AnnotationLimits? limits = null) =>
        await ImportAsync((await UploadAnnotationsAsync(content, mode, addClasses, folder)).Id, limits);

    public async Task<AnnotationImport> ImportAsync(Guid import, AnnotationLimits? limits = null)
    {
        for (var goesOn = await ReadAnnotationsAsync(import, limits); goesOn;)
            goesOn = await WriteAnnotationsAsync(import);
        await using var database = fixture.Database();
        await new AnnotationWriting(database, Staged(database), Time).FinishAsync(import, CancellationToken.None);
        return await database.AnnotationImports.AsNoTracking().SingleAsync(row => row.Id == import);
    }

    public async Task<bool> ReadAnnotationsAsync(Guid import, AnnotationLimits? limits = null)
    {
        await using var database = fixture.Database();
        return await new AnnotationStaging(database, fixture.Stores, limits ?? AnnotationLimits.Default, Application.Datasets.ArchiveLimits.Default, Time).ReadAsync(import, CancellationToken.None);
    }

    public async Task<bool> WriteAnnotationsAsync(Guid import)
    {
        await using var database = fixture.Database();
        return await new AnnotationWriting(database, Staged(database), Time).WriteAsync(import, CancellationToken.None);
    }

    /// <summary>The stored annotations of each annotated image, by path.</summary>
    public async Task<SortedDictionary<string, string>> AnnotationsAsync()
    {
        await using var database = fixture.Database();
        var rows = await database.ImageAnnotations.Where(row => row.DatasetId == Dataset.Id)
            .Join(database.DatasetImages, row => row.ImageId, image => image.Id, (row, image) => new { image.Path, row.Content }).ToListAsync();
        return new SortedDictionary<string, string>(rows.ToDictionary(row => row.Path, row => row.Content), StringComparer.Ordinal);
    }

    public async Task<AnnotatedImage> AnnotateAsync(Guid image, IReadOnlyList<AnnotationDraft> annotations, Action<AnnotatedImage>? requireMatch = null)
    {
        await using var database = fixture.Database();
        return await new ImageAnnotating(database, Time).ReplaceAsync(Dataset.Id, image, Dataset.CreatedBy, annotations, requireMatch ?? (_ => { }), CancellationToken.None);
    }

    public async Task<IReadOnlyList<string>> ClassesAsync()
    {
        await using var database = fixture.Database();
        return (await database.Datasets.AsNoTracking().SingleAsync(dataset => dataset.Id == Dataset.Id)).Classes;
    }
}

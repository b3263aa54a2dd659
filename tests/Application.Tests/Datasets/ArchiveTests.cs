using System.Buffers.Binary;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Organizations;

namespace VisionPlatform.Application.Tests.Datasets;

/// <summary>Archives from their announcement to the last image, step by step as the orchestration does it.</summary>
public sealed class ArchiveTests(DatasetFixture fixture) : IClassFixture<DatasetFixture>
{
    private static readonly (string Name, byte[] Content)[] Divided =
    [
        ("train/cat/1.png", ArchiveFiles.Png(1)), ("train/dog/2.png", ArchiveFiles.Png(2)), ("valid/cat/3.png", ArchiveFiles.Png(3)), ("test/dog/4.png", ArchiveFiles.Png(4)),
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Kinds => ["stored zip", "deflated zip", "streamed zip", "tar", "tar.gz", "tar.zst"];

    [Theory, MemberData(nameof(Kinds))]
    public async Task The_files_of_an_archive_become_images_with_split_and_class(string kind)
    {
        var work = await fixture.NewDatasetAsync();

        var archive = await work.UnpackAsync(Packed(kind, Divided), ImageLayout.SplitsAndClasses);

        Assert.Equal((ArchiveState.Completed, 4, 4, 0, 0), (archive.State, archive.Entries, archive.Taken, archive.Skipped, archive.Refused));
        Assert.Equal(Divided.Sum(file => file.Content.Length), archive.TakenBytes);
        Assert.Equal(
            Divided.OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => (file.Name, Convert.ToHexStringLower(SHA256.HashData(file.Content)))),
            (await work.ImagesAsync()).Select(image => (image.Path, image.Sha256)));
        Assert.Equal(
            [("dog", Split.Test), ("cat", Split.Train), ("dog", Split.Train), ("cat", Split.Val)],
            (await work.ImagesAsync()).Select(image => (image.Class!, image.Split!.Value)));
        // The archive is gone, and its URL writes nothing more.
        Assert.Equal(0, (await fixture.Stores.External.HeadAsync(archive.Key, Cancellation))!.Size);
        Assert.Empty(await work.NotTakenAsync(archive.Id));
    }

    [Theory, InlineData("deflated zip"), InlineData("tar")]
    public async Task Names_that_must_not_be_unpacked_are_refused_and_what_is_no_image_is_skipped(string kind)
    {
        var png = ArchiveFiles.Png(1);
        var work = await fixture.NewDatasetAsync();
        (string Name, byte[] Content, string? Code)[] files =
        [
            ("cat/good.png", png, null), ("../cat/up.png", png, "INVALID_PATH"), ("/etc/cat.png", png, "INVALID_PATH"), ("cat/../../x.png", png, "INVALID_PATH"), ("cat\\x.png", png, "INVALID_PATH"),
            ("C:/x.png", png, "INVALID_PATH"), ("cat/nul.png", png, "INVALID_PATH"), ($"cat/{new string('n', 300)}.png", png, "INVALID_PATH"), ("CAT/GOOD.png", png, "DUPLICATE_IMAGE"),
            ("__MACOSX/cat/._good.png", png, "NOT_AN_IMAGE"), ("cat/.DS_Store", png, "NOT_AN_IMAGE"), ("README.txt", [65], "NOT_AN_IMAGE"), ("cat/text.png", [65, 66], "NOT_AN_IMAGE"),
            ("cat/empty.png", [], "NOT_AN_IMAGE"), ("cat/cut.png", png[..^20], "IMAGE_TRUNCATED"), ("more.zip", png, "ARCHIVE_ENTRY_UNSUPPORTED"), ("./dog/without a name", png, null),
        ];
        var content = files.Select(file => (file.Name, file.Content));

        var archive = await work.UnpackAsync(Packed(kind, content));

        Assert.Equal((ArchiveState.Completed, files.Length, 2, 3, 12), (archive.State, archive.Entries, archive.Taken, archive.Skipped, archive.Refused));
        Assert.Equal(files.Where(file => file.Code is not null).Select(file => (file.Name, file.Code)), await work.NotTakenAsync(archive.Id));
        Assert.Equal(["cat/good.png", "dog/without a name"], (await work.ImagesAsync()).Select(image => image.Path));
    }

    [Fact]
    public async Task Links_devices_encrypted_and_oddly_compressed_entries_are_refused()
    {
        var work = await fixture.NewDatasetAsync();
        var zip = ArchiveFiles.Zip([("a/link.png", ArchiveFiles.Png(1)), ("a/secret.png", ArchiveFiles.Png(2)), ("a/lzma.png", ArchiveFiles.Png(3)), ("a/good.png", ArchiveFiles.Png(4))])
            .WithHeader("a/link.png", header => { header[5] = 3; BinaryPrimitives.WriteUInt16LittleEndian(header[40..], 0xA1FF); })
            .WithHeader("a/secret.png", header => header[8] |= 1)
            .WithHeader("a/lzma.png", header => header[10] = 14);

        var unzipped = await work.UnpackAsync(zip);
        var untarred = await work.UnpackAsync(ArchiveFiles.Tar(
            [new PaxTarEntry(TarEntryType.SymbolicLink, "b/link.png") { LinkName = "/etc/passwd" }, new PaxTarEntry(TarEntryType.CharacterDevice, "b/null.png"), new PaxTarEntry(TarEntryType.Directory, "b")]));

        Assert.Equal([("a/link.png", "ARCHIVE_ENTRY_UNSUPPORTED"), ("a/secret.png", "ARCHIVE_ENTRY_UNSUPPORTED"), ("a/lzma.png", "ARCHIVE_ENTRY_UNSUPPORTED")], await work.NotTakenAsync(unzipped.Id));
        Assert.Equal(1, unzipped.Taken);
        Assert.Equal([("b/link.png", "ARCHIVE_ENTRY_UNSUPPORTED"), ("b/null.png", "ARCHIVE_ENTRY_UNSUPPORTED")], await work.NotTakenAsync(untarred.Id));
    }

    [Fact]
    public async Task A_list_of_entries_that_lies_about_an_entry_costs_that_entry()
    {
        var work = await fixture.NewDatasetAsync();
        var zip = ArchiveFiles.Zip([("a/size.png", ArchiveFiles.Png(1)), ("a/crc.png", ArchiveFiles.Png(2)), ("a/offset.png", ArchiveFiles.Png(3)), ("a/good.png", ArchiveFiles.Png(4))])
            .WithHeader("a/size.png", header => header[24]--)
            .WithHeader("a/crc.png", header => header[16] ^= 1)
            .WithHeader("a/offset.png", header => { header[42]++; header[20]--; });

        var archive = await work.UnpackAsync(zip);

        Assert.Equal((ArchiveState.Completed, 1, 3), (archive.State, archive.Taken, archive.Refused));
        Assert.All(await work.NotTakenAsync(archive.Id), entry => Assert.Equal("ARCHIVE_DAMAGED", entry.Code));
    }

    [Fact]
    public async Task An_archive_that_ends_early_or_whose_entries_overlap_fails_and_keeps_what_was_taken()
    {
        var zip = ArchiveFiles.Zip(Divided);
        var tar = ArchiveFiles.Tar(Divided);
        (byte[] Content, int Taken)[] archives =
        [
            (zip[..^10], 0),
            (zip.WithHeader("train/dog/2.png", header => BinaryPrimitives.WriteUInt32LittleEndian(header[42..], 0)), 0),
            (zip.WithHeader("train/dog/2.png", header => BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1_000_000)), 0),
            (tar[..(tar.Length / 2)], 0),
            (tar[..^1024], 0),
            (ArchiveFiles.Gzip(tar)[..^200], 0),
        ];
        foreach (var (content, taken) in archives)
        {
            var work = await fixture.NewDatasetAsync();
            var archive = await work.UnpackAsync(content);
            Assert.Equal((ArchiveState.Failed, "ARCHIVE_DAMAGED", taken), (archive.State, archive.Error!.Code, archive.Taken));
            Assert.Equal(0, (await fixture.Stores.External.HeadAsync(archive.Key, Cancellation))!.Size);
        }
    }

    [Fact]
    public async Task Limits_of_entries_bytes_and_ratio_end_an_archive()
    {
        var work = await fixture.NewDatasetAsync();
        var limits = ArchiveLimits.Default;
        var zeros = new byte[8 << 20];
        (byte[] Content, ArchiveLimits Limits)[] archives =
        [
            (ArchiveFiles.Zip(Divided), limits with { MaxEntries = 3 }), (ArchiveFiles.Tar(Divided), limits with { MaxEntries = 3 }),
            (ArchiveFiles.Zip(Divided), limits with { MaxUnpackedBytes = 200 }), (ArchiveFiles.Tar(Divided), limits with { MaxUnpackedBytes = 200 }),
            (ArchiveFiles.Gzip(ArchiveFiles.Tar([("a/0.png", zeros), ("a/1.png", zeros)])), limits with { MaxRatio = 2 }),
        ];
        foreach (var (content, allowed) in archives)
            Assert.Equal((ArchiveState.Failed, "ARCHIVE_TOO_LARGE"), await EndAsync(content, allowed));

        // One entry of a ZIP that unpacks too well is refused; the others are taken.
        var bomb = await work.UnpackAsync(ArchiveFiles.Zip([("a/bomb.png", zeros), ("a/good.png", ArchiveFiles.Png(1))], CompressionLevel.SmallestSize));
        Assert.Equal((ArchiveState.Completed, 1), (bomb.State, bomb.Taken));
        Assert.Equal([("a/bomb.png", "ARCHIVE_TOO_LARGE")], await work.NotTakenAsync(bomb.Id));

        async Task<(ArchiveState, string)> EndAsync(byte[] content, ArchiveLimits allowed)
        {
            var archive = await work.UnpackAsync(content, limits: allowed);
            return (archive.State, archive.Error!.Code);
        }
    }

    [Fact]
    public async Task Paths_that_the_dataset_has_are_skipped_and_a_file_where_it_has_a_folder_is_refused()
    {
        var work = await fixture.NewDatasetAsync();
        await work.UploadAsync(("cat/1.png", ArchiveFiles.Png(9)), ("dog", ArchiveFiles.Png(8)));

        var archive = await work.UnpackAsync(ArchiveFiles.Zip([("CAT/1.png", ArchiveFiles.Png(1)), ("dog/2.png", ArchiveFiles.Png(2)), ("cat/3.png", ArchiveFiles.Png(3))]));

        Assert.Equal((1, 1, 1), (archive.Taken, archive.Skipped, archive.Refused));
        Assert.Equal([("CAT/1.png", "DUPLICATE_IMAGE"), ("dog/2.png", "INVALID_PATH")], await work.NotTakenAsync(archive.Id));
        Assert.Equal(["cat", null, "cat"], (await work.ImagesAsync()).OrderBy(image => image.Path != "cat/1.png").ThenBy(image => image.Path != "dog").Select(image => image.Class));
    }

    [Fact]
    public async Task Only_the_named_folder_is_taken_and_the_flat_layout_gives_no_classes()
    {
        var work = await fixture.NewDatasetAsync();

        var archive = await work.UnpackAsync(ArchiveFiles.Zip([("set/images/cat/1.png", ArchiveFiles.Png(1)), ("set/other/2.png", ArchiveFiles.Png(2))]), ImageLayout.Flat, "Set/images");

        Assert.Equal([("cat/1.png", null)], (await work.ImagesAsync()).Select(image => (image.Path, image.Class)));
        Assert.Equal([("set/other/2.png", "INVALID_PATH")], await work.NotTakenAsync(archive.Id));
    }

    [Theory, InlineData("deflated zip"), InlineData("tar"), InlineData("tar.gz")]
    public async Task Steps_that_are_repeated_after_a_crash_take_nothing_twice_and_lose_nothing(string kind)
    {
        var work = await fixture.NewDatasetAsync();
        (string Name, byte[] Content)[] files = [.. Enumerable.Range(0, 130).Select(i => ($"c{i % 3}/{i}.png", ArchiveFiles.Png(i))), ("c0/text.png", [65])];
        var archive = await work.UploadArchiveAsync(Packed(kind, files));
        // The process ended when the first images were there and nothing was recorded about them but their uploads.
        if (kind == "deflated zip")
        {
            await work.StepAsync(unpacking => unpacking.PlanAsync(archive.Id, Cancellation));
            await work.StepAsync(unpacking => unpacking.UnpackBatchAsync(archive.Id, 0, Cancellation));
        }
        else
            await work.StepAsync(unpacking => unpacking.UnpackTarAsync(archive.Id, TarCursor.Start, Cancellation));
        var before = (await work.ImagesAsync()).Select(image => image.Id).ToArray();
        await using (var database = fixture.Database())
        {
            await database.DatasetArchiveEntries.Where(entry => entry.ArchiveId == archive.Id).ExecuteUpdateAsync(set => set.SetProperty(entry => entry.Outcome, (EntryOutcome?)null), Cancellation);
            await database.DatasetArchives.Where(row => row.Id == archive.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.Taken, 0).SetProperty(row => row.Refused, 0).SetProperty(row => row.TakenBytes, 0), Cancellation);
        }

        var ended = await work.UnpackAsync(archive.Id);

        Assert.Equal((ArchiveState.Completed, 131, 130, 0, 1), (ended.State, ended.Entries, ended.Taken, ended.Skipped, ended.Refused));
        var images = await work.ImagesAsync();
        Assert.Equal(130, images.Count);
        Assert.Empty(before.Except(images.Select(image => image.Id)));
        Assert.Equal(images.Select(image => image.Key).Order(), (await work.KeysAsync()).Order());
    }

    [Fact]
    public async Task A_quota_that_is_reached_ends_the_archive_with_its_code()
    {
        var work = await fixture.NewDatasetAsync();
        var organization = await NewOrganizationAsync(work.Dataset.CreatedBy);
        var archive = await work.UploadArchiveAsync(ArchiveFiles.Zip(Divided));
        await using (var users = fixture.Users())
            await users.Organizations.Where(row => row.Id == organization).ExecuteUpdateAsync(set => set.SetProperty(row => row.MaxStorageGb, 0), Cancellation);

        var ended = await work.UnpackAsync(archive.Id);

        Assert.Equal((ArchiveState.Failed, "QUOTA_EXCEEDED", 0), (ended.State, ended.Error!.Code, ended.Taken));
        Assert.Equal(ErrorCodes.QuotaExceeded, (await Assert.ThrowsAsync<ProblemException>(() => work.UploadArchiveAsync(ArchiveFiles.Zip(Divided)))).Error);
    }

    [Fact]
    public async Task A_cancelled_archive_and_one_of_a_deleted_dataset_go_no_further()
    {
        var work = await fixture.NewDatasetAsync();
        var zip = ArchiveFiles.Zip([.. Enumerable.Range(0, 150).Select(i => ($"c{i % 2}/{i}.png", ArchiveFiles.Png(i)))]);
        var archive = await work.UploadArchiveAsync(zip);
        Assert.Equal(2, (await work.StepAsync(unpacking => unpacking.PlanAsync(archive.Id, Cancellation))).Batches);
        await work.StepAsync(unpacking => unpacking.UnpackBatchAsync(archive.Id, 0, Cancellation));

        await work.CancelAsync(archive.Id);

        Assert.False(await work.StepAsync(unpacking => unpacking.UnpackBatchAsync(archive.Id, 1, Cancellation)));
        var ended = await work.UnpackAsync(archive.Id);
        Assert.Equal((ArchiveState.Cancelled, 100), (ended.State, ended.Taken));
        Assert.Equal(100, (await work.ImagesAsync()).Count);

        var other = await work.UploadArchiveAsync(zip);
        await work.DeleteAsync();
        Assert.Equal(ArchiveState.Cancelled, (await work.UnpackAsync(other.Id)).State);
        Assert.Empty(await work.ImagesAsync());
    }

    [Fact]
    public async Task What_is_no_archive_is_refused_when_it_is_completed()
    {
        var work = await fixture.NewDatasetAsync();
        foreach (var content in (byte[][])[ArchiveFiles.Png(1), ArchiveFiles.Gzip(ArchiveFiles.Png(1)), [1, 2, 3], new byte[2000]])
            Assert.Equal(ErrorCodes.ArchiveUnknownFormat, (await Assert.ThrowsAsync<ProblemException>(() => work.UploadArchiveAsync(content))).Error);
    }

    [Fact]
    public async Task An_archive_that_nobody_completes_expires_and_its_object_is_swept_but_not_while_it_is_unpacked()
    {
        var work = await fixture.NewDatasetAsync();
        var unpacking = await work.UploadArchiveAsync(ArchiveFiles.Zip(Divided));
        await Assert.ThrowsAsync<ProblemException>(() => work.UploadArchiveAsync([1, 2, 3]));
        await using var database = fixture.Database();
        var forgotten = await database.DatasetArchives.AsNoTracking().SingleAsync(row => row.DatasetId == work.Dataset.Id && row.State == ArchiveState.Announced, Cancellation);
        var later = new DatasetWorkbench(fixture, work.Dataset) { Time = new UploadTests.ShiftedClock(TimeSpan.FromDays(3)) };

        await later.ExpireArchivesAsync();
        await later.RemoveLeftAsync();

        Assert.Equal(ArchiveState.Expired, (await database.DatasetArchives.AsNoTracking().SingleAsync(row => row.Id == forgotten.Id, Cancellation)).State);
        Assert.Null(await fixture.Stores.External.HeadAsync(forgotten.Key, Cancellation));
        Assert.NotNull(await fixture.Stores.External.HeadAsync(unpacking.Key, Cancellation));
        Assert.Equal(ArchiveState.Completed, (await work.UnpackAsync(unpacking.Id)).State);
    }

    [Fact]
    public async Task Given_splits_are_kept_and_copies_in_two_of_them_move_to_the_one_that_is_held_out()
    {
        var work = await fixture.NewDatasetAsync();
        var copy = ArchiveFiles.Png(4);
        await work.UnpackAsync(ArchiveFiles.Zip([.. Divided, ("train/dog/copy.png", copy), ("val/dog/copy.png", copy)]), ImageLayout.SplitsAndClasses);

        var version = (await work.PublishAsync(source: SplitSource.AsGiven)).Version;

        await using var database = fixture.Database();
        var images = await database.DatasetVersionImages.Where(image => image.VersionId == version.Id).ToDictionaryAsync(image => image.Path, image => image.Split, Cancellation);
        Assert.Equal(
            new Dictionary<string, Split>
            {
                ["train/cat/1.png"] = Split.Train, ["train/dog/2.png"] = Split.Train, ["valid/cat/3.png"] = Split.Val,
                ["test/dog/4.png"] = Split.Test, ["train/dog/copy.png"] = Split.Test, ["val/dog/copy.png"] = Split.Test,
            }.OrderBy(pair => pair.Key, StringComparer.Ordinal),
            images.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        var warning = Assert.Single(version.Warnings, warning => warning.Kind == SplitWarningKind.CopiesInSeveralSplits);
        Assert.Equal("1 file was given to several splits; 2 copies were moved so that no file is both trained on and tested with.", warning.Message);
        Assert.Equal(new SplitCounts(0, 0, 3), warning.Images);
    }

    private static byte[] Packed(string kind, IEnumerable<(string Name, byte[] Content)> files) => kind switch
    {
        "stored zip" => ArchiveFiles.Zip(files, CompressionLevel.NoCompression),
        "deflated zip" => ArchiveFiles.Zip(files),
        "streamed zip" => ArchiveFiles.Zip(files, streamed: true),
        "tar" => ArchiveFiles.Tar(files),
        "tar.gz" => ArchiveFiles.Gzip(ArchiveFiles.Tar(files)),
        _ => ArchiveFiles.Zstd(ArchiveFiles.Tar(files)),
    };

    private async Task<Guid> NewOrganizationAsync(Guid person)
    {
        await using var users = fixture.Users();
        var now = DateTimeOffset.UtcNow;
        var organization = new Organization { Name = $"mill {Guid.NewGuid()}", CreatedAt = now, UpdatedAt = now };
        users.Add(organization);
        users.Add(new User
        {
            Id = person, Email = $"{person}@example.com", NormalizedEmail = $"{person}@example.com", PasswordHash = "-", Role = SystemRole.Admin, OrganizationId = organization.Id, CreatedAt = now, UpdatedAt = now,
        });
        await users.SaveChangesAsync(Cancellation);
        return organization.Id;
    }
}

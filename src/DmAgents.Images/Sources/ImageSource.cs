using System.Text.Json;
using DmAgents.Images.Archives;
using DmAgents.Images.Streams;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Sources;

/// <summary>Opens what an operator names, whatever format it is in: the content decides, never the name.</summary>
public static class ImageSource
{
    private const string NoSuchFormat =
        "Give an OCI image layout (directory or tar), a docker archive, or a root file system as a tar; "
        + "plain, gzip or zstd";

    /// <param name="path">A directory or a regular file.</param>
    /// <param name="spoolDirectory">
    /// Where a compressed archive of layers is uncompressed to, because its members are read in their own order; the
    /// spool file has no name and vanishes with the process.
    /// </param>
    /// <param name="cancellation">Heeded while an archive is looked through and uncompressed.</param>
    public static IImageSource Open(string path, string spoolDirectory, CancellationToken cancellation = default)
    {
        try
        {
            return Directory.Exists(path) ? OpenDirectory(path) : OpenFile(path, spoolDirectory, cancellation);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(
                ImageReason.Failed, $"{path} cannot be read ({cause.Message.TrimEnd('.')})",
                "Check that the agent may read it", cause);
        }
    }

    private static OciLayoutSource OpenDirectory(string path)
    {
        var archive = new DirectoryArchive(path);
        return IsOciLayout(archive)
            ? new OciLayoutSource(archive)
            : throw new ImageException(
                ImageReason.NotAnImage,
                $"Directory {path} is no OCI image layout: it has no valid 'oci-layout' with an 'index.json'",
                NoSuchFormat);
    }

    private static IImageSource OpenFile(string path, string spoolDirectory, CancellationToken cancellation)
    {
        var info = new FileInfo(path);
        if (!info.Exists)
            throw new ImageException(
                ImageReason.NotFound, $"{path} does not exist", "Check the path, as the agent's host sees it");
        // Fifos and devices have no length, and opening one may wait for ever.
        if (info.Length == 0)
            throw new ImageException(ImageReason.NotAnImage, $"{path} is empty, or no regular file", NoSuchFormat);
        using (var looked = Decompression.Open(OpenRead(path), path, out var compression))
        {
            if (compression != Compression.None && !MayBeLayout(looked, path, cancellation))
                return new RootFileSystemSource(path, () => OpenRead(path), info.Length);
            return compression == Compression.None
                ? OpenTar(OpenRead(path), path)
                : OpenTar(Spool(path, spoolDirectory, cancellation), path);
        }
    }

    private static IImageSource OpenTar(FileStream file, string path)
    {
        TarArchive? archive = null;
        try
        {
            archive = TarArchive.Open(file, path);
            if (archive.MayBeLayout && IsOciLayout(archive))
                return new OciLayoutSource(archive);
            if (archive.MayBeLayout && IsDockerArchive(archive))
                return new DockerArchiveSource(archive);
            if (archive.IsOnlyLayout)
                throw new ImageException(
                    ImageReason.Corrupt,
                    $"{path} has the members of an image layout, but neither a sound 'oci-layout' with an 'index.json' "
                    + "nor a sound 'manifest.json'",
                    "Fetch or write the archive again");
            var whole = archive;
            whole.OpenWhole(out var size).Dispose();
            return new RootFileSystemSource(path, () => whole.OpenWhole(out _), size, archive);
        }
        catch
        {
            archive?.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether a compressed tar begins like an image layout: most often the first entry tells.</summary>
    private static bool MayBeLayout(Stream tar, string path, CancellationToken cancellation)
    {
        var reader = new TarReader(tar, path);
        while (reader.Next() is { } entry)
        {
            cancellation.ThrowIfCancellationRequested();
            var kind = LayoutNames.KindOf(LayoutNames.Normalize(entry.Name), entry.Type);
            if (kind != LayoutNames.Kind.Neutral)
                return kind == LayoutNames.Kind.Layout;
        }
        return false;
    }

    private static FileStream Spool(string path, string directory, CancellationToken cancellation)
    {
        var name = Path.Combine(directory, "dmagents-spool-" + Path.GetRandomFileName());
        var spool = new FileStream(name, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        try
        {
            File.Delete(name);
            using var content = Decompression.Open(OpenRead(path), path);
            var buffer = new byte[1 << 20];
            for (int count; (count = content.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0;)
            {
                cancellation.ThrowIfCancellationRequested();
                spool.Write(buffer.AsSpan(0, count));
            }
            return spool;
        }
        catch (IOException cause) when (cause.HResult is NoSpaceErrno or QuotaErrno)
        {
            spool.Dispose();
            throw new ImageException(
                ImageReason.NoSpace, $"{directory} has no room to uncompress {path} in it",
                "Make room there, set another spool directory, or give the archive uncompressed", cause);
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    // .NET keeps errno in HResult for the numbers that it has no own exception for.
    private const int NoSpaceErrno = 28;
    private const int QuotaErrno = 122;

    private static FileStream OpenRead(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);

    private static bool IsOciLayout(IArchive archive) =>
        archive.Contains(LayoutNames.OciIndex)
        && Holds(archive, LayoutNames.OciLayout, root => JsonReading.Text(root, "imageLayoutVersion") is not null);

    private static bool IsDockerArchive(IArchive archive) =>
        Holds(archive, LayoutNames.DockerManifest, root =>
            root.ValueKind == JsonValueKind.Array && root.EnumerateArray().All(
                item => JsonReading.Text(item, "Config") is not null));

    /// <summary>
    /// Whether a document is there and is what its name promises; a root file system may use the name, too.
    /// </summary>
    private static bool Holds(IArchive archive, string member, Func<JsonElement, bool> promise)
    {
        if (!archive.Contains(member))
            return false;
        try
        {
            return JsonReading.Parse(archive.ReadDocument(member), member, promise);
        }
        catch (ImageException refusal) when (refusal.Reason is ImageReason.Corrupt or ImageReason.TooLarge)
        {
            return false;
        }
    }
}

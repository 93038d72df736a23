using DmAgents.Images.Archives;
using DmAgents.Images.Streams;
using DmAgents.Images.Tar;

namespace DmAgents.Images.Sources;

/// <summary>Opens the archive that an operator names, in any format: the content decides, never the name.</summary>
public static class ImageSource
{
    // One disk read per some tens of the decompressor's reads.
    private const int BufferSize = 256 * 1024;

    private const string NoSuchFormat =
        "Give an OCI image layout (directory or tar), a docker archive, or a root file system as a tar";

    /// <param name="path">A directory or a regular file.</param>
    /// <param name="spoolDirectory">
    /// The directory for the uncompressed copy of a compressed archive of layers, because its members are read in their
    /// own order. The spool file has no name and disappears with the process.
    /// </param>
    /// <param name="format">The format; null: the content decides, and an ambiguous archive is refused.</param>
    /// <param name="cancellation">Checked while an archive is examined and uncompressed.</param>
    public static IImageSource Open(
        string path, string spoolDirectory, ImageFormat? format = null, CancellationToken cancellation = default)
    {
        try
        {
            return Directory.Exists(path)
                ? OpenDirectory(path, format)
                : OpenFile(RegularFileAt(path), spoolDirectory, format, cancellation);
        }
        catch (UnauthorizedAccessException cause)
        {
            throw new ImageException(
                ImageReason.NotPermitted, $"{path} cannot be read ({cause.Message.TrimEnd('.')})",
                "Let the agent's user read it", cause);
        }
        catch (IOException cause)
        {
            throw ArchiveReading.Unreadable(path, cause);
        }
    }

    /// <summary>As above, for a file that is already open. Takes ownership of the file.</summary>
    internal static IImageSource Open(
        RegularFile file, string spoolDirectory, ImageFormat? format, CancellationToken cancellation)
    {
        if (file.Size > 0)
            return OpenFile(file, spoolDirectory, format, cancellation);
        file.Dispose();
        throw new ImageException(
            ImageReason.NotAnImage, $"{file.Name} is empty", "Check the command that was to write the archive");
    }

    private static IImageSource OpenDirectory(string path, ImageFormat? format)
    {
        var archive = new DirectoryArchive(path);
        if (format == ImageFormat.RootFileSystem)
            throw new ImageException(
                ImageReason.Unsupported, $"{path} is a directory, and a root file system is taken as a tar",
                $"Make one of it: tar -C {path} -cf rootfs.tar .");
        if (format != ImageFormat.DockerArchive && archive.Contains(LayoutNames.OciIndex)
            && Holds(archive, LayoutNames.OciLayout))
            return new OciLayoutSource(archive);
        if (format != ImageFormat.OciLayout && Holds(archive, LayoutNames.DockerManifest))
            return new DockerArchiveSource(archive);
        if (archive.Contains(LayoutNames.SkopeoVersion) && archive.Contains(LayoutNames.DockerManifest))
            throw TarKind.SkopeoDirectory(
                path, $"Import the OCI layout that this makes: skopeo copy dir:{path} oci:LAYOUT");
        throw format is { } wanted ? TarKind.Lacking(path, wanted) : new ImageException(
            ImageReason.NotAnImage,
            $"Directory {path} is no image: it has neither a sound 'oci-layout' with an 'index.json' nor a sound "
            + "'manifest.json'",
            NoSuchFormat);
    }

    private static RegularFile RegularFileAt(string path)
    {
        var info = RegularFile.At(path);
        if (!info.Exists)
            throw new ImageException(
                ImageReason.NotFound, $"{path} does not exist", "Check the path, as the agent's host sees it");
        // Fifos and devices have no length, and opening one may block forever.
        return info.Length > 0
            ? RegularFile.Open(info.FullName, path)
            : throw new ImageException(
                ImageReason.NotAnImage, $"{path} is empty, or no regular file",
                NoSuchFormat + "; what comes from a pipe is read with: dmagent image import -");
    }

    /// <summary>Takes ownership of the file.</summary>
    private static IImageSource OpenFile(
        RegularFile file, string spoolDirectory, ImageFormat? format, CancellationToken cancellation)
    {
        RegularFile held = file;
        try
        {
            var compression = LookAt(file, format, cancellation, out var kind, out var index);
            if (kind.Format == ImageFormat.RootFileSystem)
                return new RootFileSystemSource(file.Name, file.Open, file.Size, file);
            if (compression != Compression.None)
            {
                held = Uncompress(file, spoolDirectory, cancellation);
                index = TarIndex.Read(held.Open(), file.Name, untilLayout: false, cancellation);
                kind = KindOf(index, file.Name, format);
                if (kind.Format == ImageFormat.RootFileSystem)
                    return new RootFileSystemSource(held.Name, held.Open, held.Size, held);
            }
            var archive = new TarArchive(held, index, kind.Folder);
            return kind.Format == ImageFormat.OciLayout
                ? new OciLayoutSource(archive)
                : new DockerArchiveSource(archive);
        }
        catch
        {
            held.Dispose();
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Examines a tar. A plain one costs only its headers. A compressed one must be uncompressed: until its first files
    /// form a layout, or to its end.
    /// </summary>
    private static Compression LookAt(
        RegularFile file, ImageFormat? format, CancellationToken cancellation, out TarKind kind, out TarIndex index)
    {
        using var plain = file.Open();
        using var content = Decompression.Open(
            new BufferedStream(file.Open(), BufferSize), file.Name, out var compression);
        var tar = compression == Compression.None ? plain : content;
        if (format == ImageFormat.RootFileSystem)
        {
            // The first header shows whether this is a tar at all.
            new TarReader(tar, file.Name).Next();
            (kind, index) = (new TarKind(ImageFormat.RootFileSystem, ""), new TarIndex());
            return compression;
        }
        if (format is { } wanted && compression != Compression.None)
        {
            // The wanted layout may come after another one; the uncompressed copy shows both.
            (kind, index) = (new TarKind(wanted, ""), new TarIndex());
            return compression;
        }
        index = TarIndex.Read(tar, file.Name, untilLayout: compression != Compression.None, cancellation);
        kind = KindOf(index, file.Name, format);
        return compression;
    }

    private static TarKind KindOf(TarIndex index, string origin, ImageFormat? format) =>
        format is { } wanted ? TarKind.Of(index, origin, wanted) : TarKind.Of(index, origin);

    private static RegularFile Uncompress(RegularFile file, string directory, CancellationToken cancellation)
    {
        var spool = new Spool(directory, $"the uncompressed {file.Name}");
        try
        {
            using var content = Decompression.Open(new BufferedStream(file.Open(), BufferSize), file.Name);
            spool.Fill(content, cancellation);
            // From here on the copy is read, under the name that the operator knows.
            var copy = spool.ToFile(file.Name);
            file.Dispose();
            return copy;
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }

    private static bool Holds(DirectoryArchive archive, string member) =>
        archive.Contains(member) && TarIndex.IsPromised(member, archive.ReadDocument(member));
}

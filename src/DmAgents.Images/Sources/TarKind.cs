using DmAgents.Images.Archives;

namespace DmAgents.Images.Sources;

/// <summary>The kind of a tar, by its whole index, and the folder of its layout.</summary>
internal readonly record struct TarKind(ImageFormat Format, string Folder)
{
    private static readonly TarKind RootFileSystem = new(ImageFormat.RootFileSystem, "");

    /// <summary>
    /// Decides by the content. A layout in the folder that holds all files is an image, if nothing beside it belongs to
    /// the top of a root file system. A tar without a layout is a root file system. An ambiguous tar is refused.
    /// </summary>
    public static TarKind Of(TarIndex index, string origin)
    {
        var layouts = index.Layouts.ToList();
        if (layouts.Count == 0)
            return index is { HasOnlyParts: true, RootMember: null } ? throw Broken(index, origin) : RootFileSystem;
        var whole = layouts.Find(layout => layout.Folder == index.CommonFolder);
        if (whole.Parts is null && index.RootMember is not null)
            // Root file systems contain images, too: for a container runtime, or for a first boot.
            return RootFileSystem;
        if (whole.Parts is null && layouts.Count == 1)
            throw Ambiguous(origin, $"it has other files beside {Described(layouts[0])}", OptionOf(layouts[0].Parts));
        if (whole.Parts is null)
            throw Several(origin, layouts);
        if (index.RootMemberIn(whole.Folder) is { } member)
            throw Ambiguous(origin, $"it has '{member}' beside {Described(whole)}", OptionOf(whole.Parts));
        return index.IsWhole ? new TarKind(FormatOf(whole.Parts), whole.Folder) : throw TooMany(origin);
    }

    /// <summary>Accepts the operator's choice of the format, if the tar has what the format requires.</summary>
    public static TarKind Of(TarIndex index, string origin, ImageFormat format)
    {
        if (format == ImageFormat.RootFileSystem)
            return RootFileSystem;
        var layouts = index.Layouts.Where(
            layout => format == ImageFormat.OciLayout ? layout.Parts.IsOci : layout.Parts.IsDocker).ToList();
        if (layouts.Count > 1 && layouts.Find(layout => layout.Folder == index.CommonFolder) is { Parts: not null } whole)
            layouts = [whole];
        return layouts.Count switch
        {
            1 when index.IsWhole => new TarKind(format, layouts[0].Folder),
            1 => throw TooMany(origin),
            0 => throw Lacking(origin, format),
            _ => throw Several(origin, layouts),
        };
    }

    public static ImageException Lacking(string origin, ImageFormat format) => new(
        ImageReason.NotAnImage,
        format == ImageFormat.OciLayout
            ? $"{origin} is no OCI image layout: it has no sound 'oci-layout' beside an 'index.json'"
            : $"{origin} is no docker archive: it has no sound 'manifest.json'",
        "Leave --format out to see what it is");

    private static ImageFormat FormatOf(LayoutParts parts) =>
        parts.IsOci ? ImageFormat.OciLayout : ImageFormat.DockerArchive;

    private static string OptionOf(LayoutParts parts) => parts.IsOci ? "oci" : "docker";

    private static string Described((string Folder, LayoutParts Parts) layout) =>
        (layout.Parts.IsOci ? "an OCI image layout" : "a docker archive's 'manifest.json'")
        + (layout.Folder.Length == 0 ? "" : $" in '{layout.Folder}'");

    private static ImageException Ambiguous(string origin, string why, string option) => new(
        ImageReason.Ambiguous, $"{origin} may be an image's archive or a root file system: {why}",
        $"Say which with --format {option} or --format rootfs");

    private static ImageException Several(string origin, List<(string Folder, LayoutParts Parts)> layouts) => new(
        ImageReason.Ambiguous,
        $"{origin} holds {layouts.Count} image layouts: "
        + string.Join(", ", layouts.Take(10).Select(layout => $"'{(layout.Folder.Length == 0 ? "." : layout.Folder)}'")),
        "Unpack it and import one of them, or take it for a root file system with --format rootfs");

    /// <summary>A folder with a manifest, and with blobs named by their digests.</summary>
    /// <param name="origin">Its name in messages.</param>
    /// <param name="next">What helps.</param>
    public static ImageException SkopeoDirectory(string origin, string next) => new(
        ImageReason.Unsupported, $"{origin} is in the format of skopeo's 'dir:', which is not taken", next);

    private static ImageException Broken(TarIndex index, string origin) =>
        index.Find(LayoutNames.Normalize($"{index.CommonFolder}/{LayoutNames.SkopeoVersion}")) is not null
        && index.Find(LayoutNames.Normalize($"{index.CommonFolder}/{LayoutNames.DockerManifest}")) is not null
            ? SkopeoDirectory(
                origin, "Unpack it, and import the OCI layout that this makes: skopeo copy dir:DIRECTORY oci:LAYOUT")
            : new ImageException(
                ImageReason.Corrupt,
                $"{origin} has parts of an image layout, but neither a sound 'oci-layout' with an 'index.json' nor a "
                + "sound 'manifest.json'",
                "Fetch or write the archive again, or take it for a root file system with --format rootfs");

    private static ImageException TooMany(string origin) => new(
        ImageReason.TooLarge, $"{origin} is an image layout with more members than any sound one has",
        "Check where the archive comes from");
}

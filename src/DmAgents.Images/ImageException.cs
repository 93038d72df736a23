namespace DmAgents.Images;

/// <summary>Why an archive was refused or could not be applied.</summary>
public enum ImageReason
{
    /// <summary>The file has none of the supported formats.</summary>
    NotAnImage,

    /// <summary>The archive ends in the middle.</summary>
    Truncated,

    /// <summary>The archive contradicts its format or itself.</summary>
    Corrupt,

    /// <summary>The bytes do not match the digest in the image.</summary>
    DigestMismatch,

    /// <summary>An entry would reach outside the file system that it is unpacked into.</summary>
    UnsafePath,

    /// <summary>An unsupported format, or something that the target file system does not support.</summary>
    Unsupported,

    /// <summary>A missing file, reference or platform.</summary>
    NotFound,

    /// <summary>The archive holds several images and none was chosen.</summary>
    Ambiguous,

    /// <summary>The target file system or the spool directory is full.</summary>
    NoSpace,

    /// <summary>A part that is held in memory (manifest, config, extended header) exceeds its limit.</summary>
    TooLarge,

    /// <summary>The process lacks the permission that the archive requires.</summary>
    NotPermitted,

    /// <summary>
    /// Reading the archive or writing the file system failed in a way that is not the archive's fault.
    /// </summary>
    Failed,
}

/// <summary>
/// An external archive cannot be used. The message is for the operator: what happened, to which object, why, and what
/// to do next. Whatever was being written must be discarded.
/// </summary>
public sealed class ImageException : Exception
{
    public ImageException(ImageReason reason, string what, string next, Exception? cause = null)
        : base($"{what}. {next}.", cause)
    {
        Reason = reason;
        What = what;
        Next = next;
    }

    public ImageReason Reason { get; }

    /// <summary>What happened, to which object, and why.</summary>
    public string What { get; }

    /// <summary>What the operator can do.</summary>
    public string Next { get; }
}

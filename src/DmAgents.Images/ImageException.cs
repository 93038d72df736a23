namespace DmAgents.Images;

/// <summary>Why an archive was refused or could not be applied.</summary>
public enum ImageReason
{
    /// <summary>The file is none of the formats taken.</summary>
    NotAnImage,

    /// <summary>The archive ends in the middle.</summary>
    Truncated,

    /// <summary>The archive contradicts its format or itself.</summary>
    Corrupt,

    /// <summary>Bytes are not those that the image's own digest names.</summary>
    DigestMismatch,

    /// <summary>An entry would reach outside the file system that it is unpacked into.</summary>
    UnsafePath,

    /// <summary>A format, or something for the target file system, that is not taken.</summary>
    Unsupported,

    /// <summary>A file, a reference or a platform that is not there.</summary>
    NotFound,

    /// <summary>The archive holds several images and none was chosen.</summary>
    Ambiguous,

    /// <summary>The target file system or the spool directory is full.</summary>
    NoSpace,

    /// <summary>A part that is held in memory (manifest, config, extended header) is beyond its limit.</summary>
    TooLarge,

    /// <summary>The process may not do what the archive asks for.</summary>
    NotPermitted,

    /// <summary>
    /// Reading the archive or writing the file system failed in a way that is not the archive's fault.
    /// </summary>
    Failed,
}

/// <summary>
/// An archive from outside cannot be used. The message is for the operator: what happened, to which object, why,
/// and what to do next. Whatever was being written is to be discarded.
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

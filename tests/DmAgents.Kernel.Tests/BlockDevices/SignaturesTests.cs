using System.Buffers.Binary;
using System.Diagnostics;
using DmAgents.Domain.Ports;
using DmAgents.Kernel.BlockDevices;

namespace DmAgents.Kernel.Tests.BlockDevices;

public sealed class SignaturesTests
{
    private const int Size = 4 << 20;

    [Theory]
    [InlineData(0, "4C554B53BABE", "LUKS encrypted volume")]
    [InlineData(512, "4546492050415254", "GPT partition table")]
    [InlineData(Size - 512, "4546492050415254", "GPT partition table")]
    [InlineData(536, "4C564D3220303031", "LVM physical volume")]
    [InlineData(65600, "5F42485266535F4D", "btrfs file system")]
    [InlineData(0, "58465342", "xfs file system")]
    [InlineData(3, "4E54465320202020", "NTFS file system")]
    [InlineData(82, "4641543332202020", "FAT file system")]
    [InlineData(32769, "4344303031", "ISO 9660 file system")]
    [InlineData(4086, "53574150535041434532", "swap space")]
    [InlineData(4096, "FC4E2BA9", "Linux RAID member")]
    [InlineData(Size - 8192, "FC4E2BA9", "Linux RAID member")]
    [InlineData(Size - 65536, "FC4E2BA9", "Linux RAID member")]
    [InlineData(32, "BA529C0100000000", "thin pool metadata")]
    public void A_mark_in_its_place_is_recognized_and_elsewhere_not(int offset, string hex, string meaning)
    {
        var mark = Convert.FromHexString(hex);

        Assert.Equal(meaning, Find(At(offset, mark)));
        Assert.Equal("", Find(At(700_000, mark)));
    }

    [Fact]
    public void Zeros_and_noise_have_no_signature()
    {
        var noise = new byte[Size];
        new Random(7).NextBytes(noise);

        Assert.Equal("", Find(new byte[Size]));
        Assert.Equal("", Find(noise));
        Assert.Equal("", Find(new byte[512]));
        Assert.Equal("", Find([]));
    }

    [Fact]
    public void A_boot_sector_is_a_partition_table_only_with_a_partition_in_it()
    {
        var sector = new byte[Size];
        sector[510] = 0x55;
        sector[511] = 0xAA;
        Assert.Equal("", Find(sector));

        sector[446 + 4] = 0x83;
        BinaryPrimitives.WriteUInt32LittleEndian(sector.AsSpan(446 + 12), 2048);
        Assert.Equal("MBR partition table", Find(sector));

        sector[446] = 0x33;
        Assert.Equal("", Find(sector));
    }

    [Theory]
    [InlineData("mkfs.ext2", "ext2 file system")]
    [InlineData("mkfs.ext3", "ext3 file system")]
    [InlineData("mkfs.ext4", "ext4 file system")]
    [InlineData("mkswap", "swap space")]
    public void What_the_real_programs_write_is_recognized(string program, string meaning)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, new byte[16 << 20]);
            using var process = Process.Start(new ProcessStartInfo("/usr/sbin/" + program, [file])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);

            Assert.Equal(meaning, Find(File.ReadAllBytes(file)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static byte[] At(int offset, byte[] mark)
    {
        var bytes = new byte[Size];
        mark.CopyTo(bytes, offset);
        return bytes;
    }

    private static string Find(byte[] bytes)
    {
        var found = Signatures.Find((ulong)bytes.Length, new Memory(bytes));
        Assert.True(found.Succeeded, found.ToString());
        return found.Value;
    }

    private sealed class Memory(byte[] bytes) : IDeviceBytes
    {
        public KernelResult Read(ulong offset, Span<byte> into)
        {
            bytes.AsSpan((int)offset, into.Length).CopyTo(into);
            return KernelResult.Done;
        }
    }
}

#!/usr/bin/perl
# pass_on.pl LINE FILE: passes on what comes in, with LINE as its second line and what is in FILE in front
# of its first empty line, and tells its last 200 bytes to descriptor 3. The first line of a dump has to
# stay the first: it turns a mode of the client on, and who loads the dump with a client that doesn't know
# the mode removes that line. The head that says which database this is ends at the empty line. tee and
# tail would take three times as long, since they move 8 KiB at a time.
use strict;
use warnings;

use constant BLOCK => 128 * 1024;    # bytes
use constant TOLD  => 200;

my ($line, $file) = @ARGV;
my $end = '';

# receive BUFFER, OFFSET: reads the next block to this place of the buffer. Its size; 0 at the end.
sub receive {
    my $size = sysread STDIN, $_[0], BLOCK, $_[1];
    die "pass_on.pl: $!\n" unless defined $size;
    return $size;
}

# pass_on BUFFER: all of it, and keeps its end.
sub pass_on {
    for (my $at = 0; $at < length $_[0];) {
        $at += syswrite(STDOUT, $_[0], length($_[0]) - $at, $at) || die "pass_on.pl: $!\n";
    }
    $end = substr $end . substr($_[0], -(TOLD)), -(TOLD);
}

# put WHAT, PATTERN, BUFFER: there, as soon as the buffer has it. Whether it ever had.
sub put {
    until ($_[2] =~ s/$_[1]/\n$_[0]\n/) {
        return 0 unless receive($_[2], length $_[2]);
    }
    return 1;
}

open my $comments, '<', $file or die "$file: $!\n";
my $comment = do { local $/; <$comments> } // '';

my $block = '';
put($line, qr/\n/, $block);
die "pass_on.pl: the dump has no head\n" unless $comment eq '' || put($comment, qr/\n\n/, $block);
pass_on($block);
pass_on($block) while receive($block, 0);
open my $told, '>&=', 3 or die "pass_on.pl: $!\n";
print $told $end;
close $told or die "pass_on.pl: $!\n";
